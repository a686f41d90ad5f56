"""What `make bench` measures, in the sandbox, and the table it prints with the conditions the numbers were taken under.

Each measure is a module that takes a `Bench` and returns tables; nothing here decides whether a number is good enough.
May import anything; nothing imports it but tests.
"""
