"""What runs in the child process, beside the submission: loading it, finding its parts, driving it, recording arrays."""
