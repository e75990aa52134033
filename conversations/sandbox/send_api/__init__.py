"""The Send API: messages of the business to its customers, their files, and who may answer in a thread."""
