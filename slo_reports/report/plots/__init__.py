"""Inline SVG drawn by hand: scales, shapes, axes, and the plots of the report.

Every plot is as wide as its column. Data is drawn in a nested frame of 1000 x 100 units that stretches with it,
while text, ticks and windows stand at percentages, so that no letter is ever distorted.
"""
