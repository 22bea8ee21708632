#!/usr/bin/python3
"""Draws the portraits and speaks the recordings of the bundled examples.

The results are committed; this is only for changing them. Needs Debian's python3-cairo, espeak-ng, ffmpeg.
Usage: configs/examples/make_examples.py
"""
import math
import pathlib
import subprocess
import tempfile
from dataclasses import dataclass

import cairo

FOLDER = pathlib.Path(__file__).resolve().parent


def rgb(text):
    return tuple(int(text[i : i + 2], 16) / 255 for i in (0, 2, 4))


def shaded(colour, factor):
    """Darker below 1, lighter above."""
    if factor <= 1:
        return tuple(c * factor for c in colour)
    return tuple(c + (1 - c) * (factor - 1) for c in colour)


@dataclass
class Look:
    """One person. Coordinates of all shapes: the face's centre is (0, 0), the chin at y = 1.15."""

    skin: str
    hair: str
    eyes: str
    lips: str
    jacket: str
    shirt: str
    hair_style: str  # "bob", "short", "bun"
    tie: str = ""
    glasses: bool = False
    beard: bool = False
    earrings: str = ""


class Painter:
    def __init__(self, width, height):
        self.width, self.height = width, height
        self.surface = cairo.ImageSurface(cairo.FORMAT_RGB24, width, height)
        self.context = cairo.Context(self.surface)

    def path(self, points):
        """A closed path: the first point, then either (x, y) lines or (x1, y1, x2, y2, x, y) curves."""
        c = self.context
        c.new_path()
        c.move_to(*points[0])
        for point in points[1:]:
            c.line_to(*point) if len(point) == 2 else c.curve_to(*point)
        c.close_path()

    def fill(self, colour, alpha=1.0):
        self.context.set_source_rgba(*colour, alpha)
        self.context.fill()

    def fill_between(self, x0, y0, x1, y1, *stops):
        gradient = cairo.LinearGradient(x0, y0, x1, y1)
        for place, colour, alpha in stops:
            gradient.add_color_stop_rgba(place, *colour, alpha)
        self.context.set_source(gradient)
        self.context.fill()

    def glow(self, x, y, radius, colour, alpha):
        gradient = cairo.RadialGradient(x, y, 0, x, y, radius)
        gradient.add_color_stop_rgba(0, *colour, alpha)
        gradient.add_color_stop_rgba(1, *colour, 0)
        self.context.set_source(gradient)
        self.context.arc(x, y, radius, 0, 2 * math.pi)
        self.context.fill()

    def ellipse(self, x, y, rx, ry):
        c = self.context
        c.save()
        c.translate(x, y)
        c.scale(rx, ry)
        c.new_path()
        c.arc(0, 0, 1, 0, 2 * math.pi)
        c.restore()

    def stroke(self, colour, width, alpha=1.0):
        self.context.set_line_width(width)
        self.context.set_line_cap(cairo.LINE_CAP_ROUND)
        self.context.set_line_join(cairo.LINE_JOIN_ROUND)
        self.context.set_source_rgba(*colour, alpha)
        self.context.stroke()

    def curve(self, *points):
        c = self.context
        c.new_path()
        c.move_to(*points[0])
        for point in points[1:]:
            c.line_to(*point) if len(point) == 2 else c.curve_to(*point)


# --- backgrounds, in pixels -------------------------------------------------------------------------


def draw_studio(p):
    """A news studio: skyline at dusk behind glass, a lit desk edge."""
    w, h = p.width, p.height
    c = p.context
    c.rectangle(0, 0, w, h)
    p.fill_between(0, 0, 0, h, (0, rgb("17264f"), 1), (0.55, rgb("3d4f8f"), 1), (0.8, rgb("d98b6a"), 1), (1, rgb("f0b97c"), 1))
    for layer, (colour, top) in enumerate([("2f3d74", 0.44), ("22305f", 0.54), ("172247", 0.64)]):
        x = -20.0
        step = 0
        while x < w:
            width = 34 + (step * 37 + layer * 53) % 46
            height = h * (1 - top) * (0.62 + ((step * 71 + layer * 29) % 38) / 100)
            c.rectangle(x, h - height, width, height)
            p.fill(rgb(colour))
            for row in range(int(height // 22)):
                for column in range(int(width // 14)):
                    if (row * 7 + column * 13 + step * 5 + layer) % 5 == 0:
                        c.rectangle(x + 5 + column * 14, h - height + 8 + row * 22, 5, 8)
                        p.fill(rgb("ffdf9e"), 0.30 + 0.18 * layer)
            x += width + 3
            step += 1
    for x in (0.0, 0.31, 0.69, 1.0):
        c.rectangle(w * x - 5, 0, 10, h)
        p.fill(rgb("0e1630"), 0.85)
    c.rectangle(0, h * 0.93, w, h * 0.07)
    p.fill_between(0, h * 0.93, 0, h, (0, rgb("7fd0ff"), 1), (0.12, rgb("20335f"), 1), (1, rgb("101a36"), 1))


def draw_radio(p):
    """A radio studio: acoustic panels and warm lamps."""
    w, h = p.width, p.height
    c = p.context
    c.rectangle(0, 0, w, h)
    p.fill_between(0, 0, w, h, (0, rgb("29443f"), 1), (1, rgb("16241f"), 1))
    size = w / 8
    for row in range(int(h / size) + 1):
        for column in range(9):
            x, y = column * size, row * size
            light = 0.10 + 0.05 * ((row * 3 + column * 5) % 4)
            p.path([(x, y), (x + size, y), (x + size / 2, y + size / 2)])
            p.fill((1, 1, 1), light * 0.35)
            p.path([(x, y + size), (x + size, y + size), (x + size / 2, y + size / 2)])
            p.fill((0, 0, 0), light)
    for x in (0.14, 0.86):
        p.glow(w * x, h * 0.20, w * 0.34, rgb("ffc873"), 0.55)
        c.arc(w * x, h * 0.20, w * 0.035, 0, 2 * math.pi)
        p.fill(rgb("fff0cf"))


def draw_library(p):
    """Book shelves, a little out of the light."""
    w, h = p.width, p.height
    c = p.context
    c.rectangle(0, 0, w, h)
    p.fill(rgb("5b4130"))
    colours = ["8c3b3b", "c98f45", "3f6b6b", "54658f", "7a8f54", "a5633f", "5a4a78", "d3b98a"]
    shelf = h / 4.2
    for row in range(5):
        y = row * shelf + shelf * 0.12
        x, step = 4.0, row * 3
        while x < w:
            width = 17 + (step * 29 + row * 17) % 22
            height = shelf * (0.62 + ((step * 41 + row * 11) % 22) / 100)
            c.rectangle(x, y + shelf * 0.86 - height, width, height)
            colour = rgb(colours[(step * 5 + row) % len(colours)])
            p.fill_between(x, 0, x + width, 0, (0, shaded(colour, 0.7), 1), (0.4, colour, 1), (1, shaded(colour, 0.6), 1))
            c.rectangle(x + 2, y + shelf * 0.86 - height * 0.8, width - 4, 4)
            p.fill(rgb("f1e3bd"), 0.6)
            x += width + 2
            step += 1
        c.rectangle(0, y + shelf * 0.86, w, shelf * 0.09)
        p.fill(rgb("3c291d"))
    c.rectangle(0, 0, w, h)
    p.fill((0.08, 0.05, 0.05), 0.36)
    p.glow(w * 0.5, h * 0.30, w * 0.75, rgb("ffe2ae"), 0.35)


# --- the person, in face units ----------------------------------------------------------------------


def draw_hair_behind(p, look):
    hair = rgb(look.hair)
    if look.hair_style == "bob":
        p.path([(-0.2, -1.28), (-1.25, -1.30, -1.26, -0.2, -1.13, 0.55), (-1.10, 1.05, -0.98, 1.22, -0.62, 1.22),
                (0.62, 1.22), (0.98, 1.22, 1.10, 1.05, 1.13, 0.55), (1.26, -0.2, 1.25, -1.30, 0.2, -1.28)])
        p.fill_between(0, -1.3, 0, 1.3, (0, shaded(hair, 0.9), 1), (1, shaded(hair, 0.55), 1))
    elif look.hair_style == "bun":
        p.ellipse(0, -1.36, 0.40, 0.36)
        p.fill_between(0, -1.7, 0, -1.0, (0, shaded(hair, 1.12), 1), (1, shaded(hair, 0.6), 1))


def draw_shoulders(p, look):
    jacket, shirt, skin = rgb(look.jacket), rgb(look.shirt), rgb(look.skin)
    p.path([(-0.46, 1.30), (-0.9, 1.52, -1.9, 1.50, -2.15, 2.2), (-2.32, 2.8, -2.35, 3.4, -2.35, 4.0), (2.35, 4.0),
            (2.35, 3.4, 2.32, 2.8, 2.15, 2.2), (1.9, 1.50, 0.9, 1.52, 0.46, 1.30)])
    p.fill_between(-1.5, 1.4, 1.7, 3.4, (0, shaded(jacket, 1.10), 1), (0.5, jacket, 1), (1, shaded(jacket, 0.68), 1))
    p.path([(-0.50, 1.30), (0.50, 1.30), (0.62, 1.62), (0.06, 3.2), (-0.06, 3.2), (-0.62, 1.62)])
    p.fill_between(0, 1.3, 0, 3.2, (0, shirt, 1), (1, shaded(shirt, 0.85), 1))
    # neck with the chin's shadow
    p.path([(-0.44, 0.55), (-0.42, 1.0, -0.46, 1.25, -0.62, 1.46), (-0.3, 1.80, 0.3, 1.80, 0.62, 1.46), (0.46, 1.25, 0.42, 1.0, 0.44, 0.55)])
    p.fill_between(0, 0.8, 0, 1.75, (0, shaded(skin, 0.66), 1), (0.45, shaded(skin, 0.80), 1), (1, shaded(skin, 0.94), 1))
    if look.tie:
        draw_tie(p, rgb(look.tie), shirt)
    for side in (-1, 1):  # lapels
        p.path([(side * 0.56, 1.34), (side * 0.86, 1.50), (side * 1.02, 2.10), (side * 0.74, 2.12), (side * 0.84, 2.36), (side * 0.05, 3.3),
                (side * 0.22, 2.5), (side * 0.50, 1.8)])
        p.fill_between(0, 1.4, 0, 3.2, (0, shaded(jacket, 1.16), 1), (1, shaded(jacket, 0.85), 1))
        p.curve((side * 1.02, 2.10), (side * 0.74, 2.12), (side * 0.84, 2.36), (side * 0.05, 3.3))
        p.stroke(shaded(jacket, 0.5), 0.025, 0.7)


def draw_tie(p, tie, shirt):
    for side in (-1, 1):
        p.path([(side * 0.60, 1.36), (side * 0.66, 1.62), (side * 0.26, 1.98), (0, 1.70)])
        p.fill(shaded(shirt, 1.0))
        p.curve((side * 0.66, 1.62), (side * 0.26, 1.98), (0, 1.70))
        p.stroke(shaded(shirt, 0.6), 0.02, 0.6)
    p.path([(-0.15, 1.72), (0.15, 1.72), (0.10, 1.98), (-0.10, 1.98)])
    p.fill(shaded(tie, 0.85))
    p.path([(-0.10, 1.98), (0.10, 1.98), (0.24, 3.2), (0, 3.5), (-0.24, 3.2)])
    p.fill_between(-0.2, 2, 0.25, 2, (0, shaded(tie, 1.1), 1), (1, shaded(tie, 0.75), 1))


def face_path(p):
    p.path([(0, -1.06), (0.62, -1.06, 0.93, -0.66, 0.93, -0.10), (0.93, 0.42, 0.72, 0.78, 0.44, 1.02),
            (0.24, 1.17, -0.24, 1.17, -0.44, 1.02), (-0.72, 0.78, -0.93, 0.42, -0.93, -0.10), (-0.93, -0.66, -0.62, -1.06, 0, -1.06)])


def draw_head(p, look):
    skin = rgb(look.skin)
    for side in (-1, 1):
        p.ellipse(side * 0.93, 0.06, 0.15, 0.25)
        p.fill(shaded(skin, 0.86))
        p.ellipse(side * 0.945, 0.07, 0.07, 0.15)
        p.fill(shaded(skin, 0.68), 0.7)
        if look.earrings:
            p.ellipse(side * 0.96, 0.37, 0.06, 0.06)
            p.fill(rgb(look.earrings))
    face_path(p)
    p.fill_between(-0.75, -0.8, 0.85, 1.0, (0, shaded(skin, 1.22), 1), (0.45, skin, 1), (1, shaded(skin, 0.84), 1))
    p.context.save()
    face_path(p)
    p.context.clip()
    for side in (-1, 1):
        p.glow(side * 0.53, 0.36, 0.36, rgb("e8604c"), 0.20)
    p.glow(-0.25, -0.62, 0.55, (1, 1, 1), 0.16)
    p.glow(0, 1.22, 0.55, shaded(skin, 0.55), 0.30)
    if look.beard:
        draw_beard(p, rgb(look.hair))
    p.context.restore()


def draw_beard(p, hair):
    p.path([(-0.95, 0.05), (-0.80, 0.30, -0.74, 0.50, -0.50, 0.46), (-0.30, 0.36, -0.14, 0.36, 0, 0.40), (0.14, 0.36, 0.30, 0.36, 0.50, 0.46),
            (0.74, 0.50, 0.80, 0.30, 0.95, 0.05), (1.0, 1.3), (-1.0, 1.3)])
    p.fill_between(0, 0.2, 0, 1.1, (0, hair, 0.72), (1, shaded(hair, 0.75), 0.95))


def draw_eye(p, side, look):
    c = p.context
    x, y = side * 0.37, -0.06
    almond = [(x - 0.20, y + 0.02), (x - 0.12, y - 0.15, x + 0.12, y - 0.15, x + 0.20, y + 0.02), (x + 0.12, y + 0.12, x - 0.12, y + 0.12, x - 0.20, y + 0.02)]
    c.save()
    p.path(almond)
    p.context.clip_preserve()
    p.fill((0.98, 0.98, 0.97))
    iris = rgb(look.eyes)
    p.ellipse(x, y - 0.005, 0.105, 0.105)
    p.fill(shaded(iris, 0.55))
    p.ellipse(x, y - 0.005, 0.09, 0.09)
    p.fill_between(0, y - 0.1, 0, y + 0.1, (0, shaded(iris, 0.7), 1), (1, shaded(iris, 1.35), 1))
    p.ellipse(x, y - 0.005, 0.045, 0.045)
    p.fill((0.05, 0.05, 0.07))
    p.ellipse(x - 0.035, y - 0.045, 0.024, 0.024)
    p.fill((1, 1, 1), 0.95)
    c.rectangle(x - 0.25, y - 0.2, 0.5, 0.13)
    p.fill((0, 0, 0), 0.16)
    c.restore()
    p.curve((x - 0.215, y + 0.03), (x - 0.12, y - 0.165, x + 0.12, y - 0.165, x + 0.215, y + 0.03))
    p.stroke(rgb("2a1b18"), 0.038)
    p.curve((x - 0.15, y + 0.085), (x - 0.06, y + 0.125, x + 0.06, y + 0.125, x + 0.15, y + 0.085))
    p.stroke(shaded(rgb(look.skin), 0.6), 0.016, 0.8)
    p.curve((x - 0.19, y - 0.12), (x - 0.08, y - 0.205, x + 0.08, y - 0.205, x + 0.19, y - 0.12))
    p.stroke(shaded(rgb(look.skin), 0.62), 0.016, 0.7)
    p.curve((x - side * 0.20, y - 0.275), (x - side * 0.05, y - 0.385, x + side * 0.14, y - 0.36, x + side * 0.27, y - 0.245))
    p.stroke(shaded(rgb(look.hair), 0.72), 0.066)


def draw_mouth(p, look):
    """Open a little, as before the first word."""
    lips = rgb(look.lips)
    p.path([(-0.30, 0.60), (-0.14, 0.64, 0.14, 0.64, 0.30, 0.60), (0.18, 0.80, -0.18, 0.80, -0.30, 0.60)])
    p.fill(rgb("5d1f22"))
    p.path([(-0.25, 0.612), (-0.12, 0.64, 0.12, 0.64, 0.25, 0.612), (0.14, 0.695, -0.14, 0.695, -0.25, 0.612)])
    p.fill((0.98, 0.97, 0.95))
    p.path([(-0.33, 0.59), (-0.20, 0.545, -0.09, 0.515, 0, 0.545), (0.09, 0.515, 0.20, 0.545, 0.33, 0.59), (0.16, 0.652, -0.16, 0.652, -0.33, 0.59)])
    p.fill(lips)
    p.path([(-0.32, 0.60), (-0.20, 0.73, 0.20, 0.73, 0.32, 0.60), (0.22, 0.875, -0.22, 0.875, -0.32, 0.60)])
    p.fill_between(0, 0.7, 0, 0.87, (0, shaded(lips, 0.92), 1), (0.5, shaded(lips, 1.18), 1), (1, shaded(lips, 0.95), 1))
    for side in (-1, 1):
        p.curve((side * 0.335, 0.56), (side * 0.37, 0.59, side * 0.37, 0.61, side * 0.345, 0.64))
        p.stroke(shaded(rgb(look.skin), 0.6), 0.022, 0.7)


def draw_face(p, look):
    skin = rgb(look.skin)
    for side in (-1, 1):
        draw_eye(p, side, look)
    p.curve((-0.05, -0.02), (-0.09, 0.16, -0.17, 0.25, -0.15, 0.32), (-0.12, 0.385, -0.05, 0.37, 0, 0.385), (0.05, 0.37, 0.12, 0.385, 0.15, 0.32))
    p.stroke(shaded(skin, 0.60), 0.024, 0.65)
    p.glow(-0.03, 0.20, 0.13, (1, 1, 1), 0.30)
    draw_mouth(p, look)
    if look.glasses:
        for side in (-1, 1):
            p.ellipse(side * 0.37, -0.04, 0.275, 0.235)
            p.context.set_source_rgba(1, 1, 1, 0.10)
            p.context.fill_preserve()
            p.stroke(rgb("23262e"), 0.045)
            p.curve((side * 0.64, -0.08), (side * 0.92, -0.04))
            p.stroke(rgb("23262e"), 0.04)
        p.curve((-0.10, -0.08), (-0.05, -0.13, 0.05, -0.13, 0.10, -0.08))
        p.stroke(rgb("23262e"), 0.04)


HAIR_IN_FRONT = {
    "bob": [(-0.98, 0.34), (-1.20, -0.60, -0.92, -1.34, 0.05, -1.32), (0.95, -1.34, 1.20, -0.60, 0.98, 0.34), (0.90, 0.02, 0.90, -0.30, 0.76, -0.52),
            (0.50, -0.60, 0.10, -0.66, -0.28, -0.90), (-0.46, -0.66, -0.72, -0.52, -0.82, -0.30), (-0.90, -0.05, -0.92, 0.10, -0.98, 0.34)],
    "short": [(-0.97, -0.02), (-1.14, -0.50, -1.04, -1.05, -0.62, -1.22), (-0.30, -1.42, 0.55, -1.44, 0.82, -1.10), (1.10, -0.92, 1.08, -0.38, 0.97, -0.02),
              (0.93, -0.22, 0.90, -0.42, 0.80, -0.56), (0.62, -0.74, 0.30, -0.66, 0.02, -0.74), (-0.30, -0.80, -0.60, -0.72, -0.78, -0.50), (-0.90, -0.36, -0.93, -0.2, -0.97, -0.02)],
    "bun": [(-0.96, 0.04), (-1.12, -0.62, -0.80, -1.22, 0, -1.22), (0.80, -1.22, 1.12, -0.62, 0.96, 0.04), (0.90, -0.38, 0.72, -0.66, 0.10, -0.86),
            (0, -0.88), (-0.10, -0.86), (-0.72, -0.66, -0.90, -0.38, -0.96, 0.04)],
}


def draw_hair_in_front(p, look):
    hair = rgb(look.hair)
    p.path(HAIR_IN_FRONT[look.hair_style])
    p.fill_between(-0.7, -1.3, 0.7, 0.2, (0, shaded(hair, 1.20), 1), (0.45, hair, 1), (1, shaded(hair, 0.65), 1))
    p.context.save()
    p.path(HAIR_IN_FRONT[look.hair_style])
    p.context.clip()
    for i in range(9):
        x = -0.95 + i * 0.24
        p.curve((0.02 + x * 0.15, -1.4), (x * 0.9, -1.15, x * 1.15, -0.7, x * 1.12, 0.3))
        p.stroke(shaded(hair, 1.35 if i % 2 else 0.6), 0.03, 0.22)
    p.context.restore()


def draw_person(p, look, x, y, scale):
    c = p.context
    c.save()
    c.translate(x, y)
    c.scale(scale, scale)
    draw_hair_behind(p, look)
    draw_shoulders(p, look)
    draw_head(p, look)
    draw_face(p, look)
    draw_hair_in_front(p, look)
    c.restore()


def draw_microphone(p):
    w, h = p.width, p.height
    c = p.context
    p.curve((w * 1.02, h * 0.62), (w * 0.80, h * 0.99))
    p.stroke(rgb("1b1d22"), w * 0.022)
    c.save()
    c.translate(w * 0.785, h * 0.93)
    c.rotate(-0.55)
    p.ellipse(0, 0, w * 0.055, w * 0.085)
    p.fill_between(-w * 0.05, 0, w * 0.05, 0, (0, rgb("8f97a6"), 1), (0.35, rgb("dde2ea"), 1), (1, rgb("555c69"), 1))
    for i in range(-3, 4):
        p.curve((-w * 0.055, i * w * 0.02), (w * 0.055, i * w * 0.02))
        p.stroke((0.1, 0.1, 0.13), 1.6, 0.45)
    c.restore()


# --- the files --------------------------------------------------------------------------------------

ANCHOR = Look(skin="f0c1a0", hair="6b3a24", eyes="3f7f6b", lips="c2494f", jacket="a3283c", shirt="fbf7ef", hair_style="bob", earrings="e9cf7c")
HOST = Look(skin="b97a50", hair="2c211e", eyes="5a3a20", lips="9c5148", jacket="e0a030", shirt="31524b", hair_style="short", glasses=True, beard=True)
READER = Look(skin="e3b08a", hair="c9c4bd", eyes="44688f", lips="b2585a", jacket="3f5c86", shirt="f2ead8", hair_style="bun", glasses=True, earrings="f5f3ee")


def run(*command):
    subprocess.run([str(word) for word in command], check=True)


def ffmpeg(*words):
    run("ffmpeg", "-hide_banner", "-loglevel", "error", "-y", *words)


def paint(size, background, look, place, extra=None):
    p = Painter(*size)
    background(p)
    draw_person(p, look, *place)
    if extra:
        extra(p)
    return p.surface


def speak(text, voice, words_per_minute, wav):
    run("espeak-ng", "-v", voice, "-s", words_per_minute, "-g", "2", "-w", wav, text)


def text_of(name):
    return " ".join((FOLDER / name).read_text().split())


def make_evening_news(scratch):
    paint((1280, 720), draw_studio, ANCHOR, (640, 300, 172)).write_to_png(str(scratch / "anchor.png"))
    ffmpeg("-i", scratch / "anchor.png", "-compression_level", "9", "-pred", "mixed", FOLDER / "anchor.png")
    speak(text_of("evening-news.txt"), "en-gb+f3", 150, scratch / "news.wav")
    ffmpeg("-i", FOLDER / "anchor.png", "-vf", "scale=160:-1", scratch / "cover.jpg")
    # ID3 tags and cover art, as recordings from a phone or a podcast have them.
    ffmpeg("-i", scratch / "news.wav", "-i", scratch / "cover.jpg", "-map", "0:a", "-map", "1:v", "-c:v", "copy", "-disposition:v", "attached_pic",
           "-c:a", "libmp3lame", "-ar", "44100", "-b:a", "64k", "-id3v2_version", "3", "-metadata", "title=Evening news",
           "-metadata", "artist=espeak-ng", FOLDER / "evening-news.mp3")


def make_two_hosts(scratch):
    paint((900, 1100), draw_radio, HOST, (450, 480, 228), draw_microphone).write_to_png(str(scratch / "host.png"))
    ffmpeg("-i", scratch / "host.png", "-q:v", "3", FOLDER / "host.jpg")
    speak(text_of("two-hosts.txt"), "en-us+m3", 150, scratch / "hosts.wav")
    ffmpeg("-i", scratch / "hosts.wav", "-compression_level", "12", FOLDER / "two-hosts.flac")


def make_first_look(scratch):
    paint((960, 960), draw_library, READER, (480, 430, 205)).write_to_png(str(scratch / "reader.png"))
    ffmpeg("-i", scratch / "reader.png", "-c:v", "libwebp", "-quality", "86", FOLDER / "reader.webp")
    speak(text_of("first-look.txt"), "en-gb+f5", 155, scratch / "look.wav")
    ffmpeg("-i", scratch / "look.wav", "-ar", "16000", FOLDER / "first-look.wav")


def main():
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        make_evening_news(scratch)
        make_two_hosts(scratch)
        make_first_look(scratch)


if __name__ == "__main__":
    main()
