"""Takes decisions back about who is the business."""
