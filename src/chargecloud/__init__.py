"""The platform on which operators of electric-car and two-wheel charging run their business."""
