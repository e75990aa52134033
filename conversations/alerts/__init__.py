"""Problems of Pages that need a person: noticed, told once by mail and POST, and shown until they end."""
