"""The files of attachments: small ones of our own making, behind links that expire as Facebook's do."""
