import json
import tkinter


def clicked(button):
    with open("win/clicks.jsonl", "a") as f:  # WRITER append open win/clicks.jsonl; keys=button
        f.write(json.dumps({"button": button}) + "\n")


window = tkinter.Tk()
tkinter.Button(window, text="Click", command=lambda: clicked("click")).pack()
window.mainloop()
