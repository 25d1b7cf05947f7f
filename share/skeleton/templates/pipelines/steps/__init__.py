"""The work of the steps, whatever runs them: a function, a container, a job, this machine."""
