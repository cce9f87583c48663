"""What `manage.py doctor` looks at, a file for each part. Here, because only this app knows all that is below it."""
