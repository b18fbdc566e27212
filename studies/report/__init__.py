"""The report: what the logs hold, made into one document, written as PDF and as HTML."""
