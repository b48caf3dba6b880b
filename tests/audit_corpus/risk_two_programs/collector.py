import time

from common.tracker import Tracker


def main():
    tracker = Tracker()
    while True:
        tracker.track("collected")
        time.sleep(60)


if __name__ == "__main__":
    main()
