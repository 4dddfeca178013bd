"""LAN Counter: one counter, shared by everyone on a network.

The words used here, each for one thing:

operation   what somebody asks of the counter: add, set, reset, undo, configure, lower
op          the number a client gives its operations: 1, 2, 3 …; with the client it is the idempotency key
client      the random name a page gives itself; the same one on every connection it opens
voter       a person, as far as a browser is one: the same random name on all its pages; kept as a mark of it
hand        what a voter has added in a round, while there is a limit for each
entry       an operation as the journal gives it back: durable, and in an order all agree on
journal     the ordered, durable log of operations; the only truth
counter     the state machine that applies entries: value, settings, what can be undone
revision    how many operations have been applied; grows with every change, never back
history     what the entries came to: each change of the value, and the rounds; kept when the entries are not
round       from one reset to the next
snapshot    the counter's state at one entry, so that a start needn't replay them all
epoch       the name of a journal; another epoch means another history
room        the rules: who is here, who may do what, what is sent to whom and when
member      one connection, as the room sees it
host        the person at this machine's window; proves it with a secret
guest       everyone else
dialect     what a connection speaks: classic (the course's exercise) or lan-counter.v1
hub         does what the room says: owns the sockets, beats, talks to the journal
lesson      the lost click: a class taps on scratch counters, in the original's way and in ours; no operations
bot         a connection of the program's own that takes part in a lesson, and is nobody
beat        what arrived since the last one is recorded together and told in one frame
conflate    to send the newest state in place of those that a slow connection missed
"""

__version__ = "0.1.0"
