import json

import numpy as np


class NumpyEncoder(json.JSONEncoder):
    def default(self, o):
        if isinstance(o, np.integer):
            return int(o)
        if isinstance(o, np.floating):
            return float(o)
        if isinstance(o, np.ndarray):
            return o.tolist()
        return super().default(o)


encoder = NumpyEncoder(separators=(",", ":"))


def log_pose(step, pose):
    with open("robot/poses.log", "at") as f:  # WRITER append open robot/poses.log; keys=step,pose
        f.write(json.dumps({"step": step, "pose": pose}, cls=NumpyEncoder) + "\n")


def log_joints(step, joints):
    with open("robot/joints.log", "at") as f:  # WRITER append open robot/joints.log; keys=step,joints
        f.write(encoder.encode({"step": step, "joints": joints}))
        f.write("\n")


def log_force(step, force):
    with open("robot/force.log", "at") as f:  # nothing
        f.write("%06d %s\n" % (step, np.array2string(force)))
