"""Everything on one machine: real control planes, the Cloud Map simulator, local AWS, and the demo that uses them.

Nothing here ships: no runtime package may import it, and it may import anything.
What runs, listens on the loopback address only.
Every process is recorded, so that it can be stopped from any shell.
"""
