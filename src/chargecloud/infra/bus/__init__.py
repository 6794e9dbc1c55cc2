"""The seam between charge points and business."""
