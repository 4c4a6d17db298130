"""Trust: evidence about a finished run, from the task contract alone; nothing in here knows a task's name."""
