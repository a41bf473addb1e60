"""What the kernel lets a process do, given up by the process itself: Landlock, seccomp, memory, name spaces.

Everything here only takes away, works without privilege, and binds a process and all that it starts for ever.
"""
