"""What runs in the child process, beside the submission: it is loaded, its parts found and driven, arrays recorded."""
