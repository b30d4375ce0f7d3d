"""A Tk window with an entry, a check button and two buttons. Prints what it was left with, and ends."""

import tkinter

root = tkinter.Tk()
root.title("Backup")
tkinter.Label(root, text="Where should the backup go?").pack(padx=20, pady=8)
tkinter.Label(root, text="Folder:").pack(anchor="w", padx=20)
folder = tkinter.Entry(root)
folder.insert(0, "/tmp")
folder.pack(fill="x", padx=20)
quiet = tkinter.BooleanVar()
tkinter.Checkbutton(root, text="Do not ask again", variable=quiet).pack(padx=20, pady=8)


def leave(button):
    print(button, folder.get(), quiet.get(), flush=True)
    root.destroy()


buttons = tkinter.Frame(root)
buttons.pack(pady=8)
for label in ("Start", "Later"):
    button = tkinter.Button(buttons, text=label, command=lambda label=label: leave(label))
    button.pack(side="left", padx=8)
root.mainloop()
