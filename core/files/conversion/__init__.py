"""Files that a provider does not take become files that it takes, each in a process of its own.

`convert` in starting.py is the way in. What is converted comes from outside and is decoded by large libraries written
in C, so it happens without Patter, its database and its secrets, with little memory and time: a file that crashes a
decoder, or keeps it busy for ever, costs its own conversion and nothing else.
"""
