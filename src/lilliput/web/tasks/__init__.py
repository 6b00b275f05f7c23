"""What the studio does with each task: a file a task, found by itself (see `lilliput.web.served`)."""
