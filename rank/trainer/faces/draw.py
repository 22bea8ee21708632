"""Draws faces from signed distances, with soft edges of one pixel. Elementwise: it compiles to one kernel.

The shapes lie in the face's own place: its half-width is 1, its centre (0, 0), y downwards.
"""

# N frames, H height, W width
import torch


def column(value):
    return value.view(-1, 1, 1)


class Canvas:
    """An image [N, 3, H, W] that shapes are painted on, one over the other."""

    def __init__(self, colour_N3HW, soft):
        self.image = colour_N3HW
        self.soft = soft  # a pixel in units of the face, [N, 1, 1]

    def cover(self, distance_NHW):
        return (0.5 - distance_NHW / self.soft).clamp(0, 1)

    def paint(self, mask_NHW, colour):
        """`colour`: [N, 3] or an image."""
        if colour.dim() == 2:
            colour = colour[:, :, None, None]
        self.image = self.image + (colour - self.image) * mask_NHW.unsqueeze(1)


def ellipse(x, y, radius_x, radius_y):
    """A distance that is exact on the edge, which is where it is looked at."""
    length = torch.sqrt((x / radius_x) ** 2 + (y / radius_y) ** 2 + 1e-6)
    slope = torch.sqrt((x / radius_x**2) ** 2 + (y / radius_y**2) ** 2 + 1e-6)
    return length * (length - 1) / slope


def capsule(x, y, half_length, radius):
    return torch.sqrt((x.abs() - half_length).clamp_min(0) ** 2 + y**2 + 1e-8) - radius


def grid(size, device):
    line = (torch.arange(size, device=device) + 0.5) * (2 / size) - 1
    return line.view(1, 1, -1), line.view(1, -1, 1)


def background(look, x, y):
    def col(name):
        return column(look[name])

    turn = col("pattern_angle")
    along = x * torch.cos(turn) + y * torch.sin(turn)
    across = y * torch.cos(turn) - x * torch.sin(turn)
    scale = col("pattern_scale")
    waves = torch.sin(along * scale)
    stripes = (waves * 6).clamp(-1, 1) * 0.5 + 0.5
    rings = (torch.sin(torch.sqrt(x**2 + (y - 0.5) ** 2) * scale * 1.5) * 4).clamp(-1, 1) * 0.5 + 0.5
    checks = (waves * torch.sin(across * scale) * 6).clamp(-1, 1) * 0.5 + 0.5
    spots = torch.exp(-((torch.sin(x * 2.5 + turn) + 0.2) ** 2 + (y + 0.5) ** 2) * scale)
    gradient = (y * 0.5 + 0.5) + 0 * x
    kinds = (0 * gradient, gradient, stripes, rings, checks, spots)
    share = sum(kind * (col("pattern") == index) for index, kind in enumerate(kinds)) * col("pattern_depth")
    share = torch.maximum(share, gradient * (col("pattern") == 1))
    first, second = (look[name][:, :, None, None] for name in ("background", "background2"))
    return first + (second - first) * share.unsqueeze(1)


WHOLE = (slice(None), slice(None))


def draw(look, pose, size, part=WHOLE):
    """`look` and `pose`: one row per frame. [N, 3, size, size] in [-1, 1], or the rows and columns `part` of it."""
    x, y = grid(size, look["x"].device)
    x, y = x[:, :, part[1]], y[:, part[0]]
    scale = column(look["size"])

    def col(name):
        return column(look[name])

    def posed(name):
        return column(pose[name])

    canvas = Canvas(background(look, x, y), 2 / size / scale)
    # The shoulders hardly move; the head nods and leans with the voice.
    body_x, body_y = (x - col("x")) / scale, (y - col("y")) / scale
    shoulders(canvas, look, col, body_x, body_y)
    head_x = body_x - 0.02 * (posed("nod") - 0.25)
    head_y = body_y - 0.16 * (posed("nod") - 0.1)
    turn = col("tilt") + 0.10 * posed("nod") * torch.sign(col("tilt"))
    cos, sin = torch.cos(turn), torch.sin(turn)
    hx, hy = head_x * cos + head_y * sin, head_y * cos - head_x * sin
    head(canvas, look, col, hx, hy)
    face(canvas, look, col, posed, hx, hy)
    return (canvas.image * 2 - 1).clamp(-1, 1)


def shoulders(canvas, look, col, x, y):
    top = col("shoulder_y") * 0.5 + col("tall") * 0.5
    torso = ellipse(x, y - top - 1.6, col("shoulder_w"), 1.6 + 0 * top)
    lit = 1 + 0.08 * (x - y * 0.3).clamp(-1, 1)
    canvas.paint(canvas.cover(torso), look["jacket"][:, :, None, None] * lit.unsqueeze(1))
    opening = torch.maximum(x.abs() - col("lapel") * (1 - (y - top) * 0.35), torso)
    canvas.paint(canvas.cover(opening), look["shirt"])
    knot = torch.maximum(x.abs() - 0.09 - 0.06 * (y - top), torso + 0.05)
    canvas.paint(canvas.cover(knot) * col("tie"), look["tie_colour"])
    neck = torch.maximum(x.abs() - col("neck") + 0.1 * (y - 1.0), y - top - 0.12 - 0.3 * (0.3 - x**2))
    canvas.paint(canvas.cover(torch.maximum(neck, -y)), look["skin"] * 0.84)


def head(canvas, look, col, x, y):
    tall, hair = col("tall"), 1 - col("bald")
    long_hair = torch.maximum(
        ellipse(x, y + 0.25, col("hair_size") * 1.12, tall * 1.05), y - col("hair_length")
    )
    locks = torch.maximum(x.abs() - col("hair_size") * 1.12, torch.maximum(-y - 0.25, y - col("hair_length")))
    canvas.paint(canvas.cover(torch.minimum(long_hair, locks)) * col("long_hair") * hair, look["hair"] * 0.8)
    bun = ellipse(x, y + tall + 0.18, 0.36 + 0 * tall, 0.33 + 0 * tall)
    canvas.paint(canvas.cover(bun) * col("bun"), look["hair"] * 0.92)
    ears = ellipse(x.abs() - 0.99, y - col("ear_y"), col("ear"), col("ear") * 1.6)
    canvas.paint(canvas.cover(ears), look["skin"] * 0.9)
    rings = ellipse(x.abs() - 1.04, y - col("ear_y") - col("ear") * 1.9, 0.06 + 0 * tall, 0.07 + 0 * tall)
    canvas.paint(canvas.cover(rings) * col("earrings"), look["tie_colour"])


def face_distance(col, x, y):
    """An egg: the jaw narrows downwards."""
    narrowed = x * (1 + col("jaw") * (y / col("tall")).clamp(0, 1) ** 2)
    return ellipse(narrowed, y, 1 + 0 * y, col("tall"))


def face(canvas, look, col, posed, x, y):
    shape = face_distance(col, x, y)
    inside = canvas.cover(shape)
    side = torch.where(col("sunny") > 0, x, -x)
    lit = 1 - col("shading") * (side * 0.5 + y * 0.2).clamp(0, 1) ** 1.5
    canvas.paint(inside, look["skin"][:, :, None, None] * lit.unsqueeze(1))
    edge = (1 - (shape.abs() / 0.05)).clamp(0, 1) * inside * col("outline") * 0.5
    canvas.paint(edge, look["skin"] * 0.45)
    cheeks = torch.exp(-(((x.abs() - 0.55) / 0.22) ** 2 + ((y - 0.38) / 0.16) ** 2)) * col("blush")
    canvas.paint(
        cheeks * inside,
        torch.stack([look["skin"][:, 0], look["skin"][:, 1] * 0.65, look["skin"][:, 2] * 0.6], 1),
    )
    # The chin goes down with the mouth.
    mouth_y = col("mouth_y") + 0.0 * posed("opening")
    beard(canvas, look, col, posed, x, y, inside, mouth_y)
    front_hair(canvas, look, col, x, y)
    eyes(canvas, look, col, posed, x, y)
    nose(canvas, look, col, x, y)
    mouth(canvas, look, col, posed, x, y, mouth_y)
    glasses(canvas, look, col, x, y)


def beard(canvas, look, col, posed, x, y, inside, mouth_y):
    top = col("beard_top") + 0.5 * (1 - x.abs()).clamp(0, 1) * (mouth_y - col("beard_top"))
    lower = ((y - top) / 0.08).clamp(0, 1)
    canvas.paint(inside * lower * col("beard"), look["hair"] * 0.9)
    bar = capsule(x, y - mouth_y + 0.15 - 0.25 * x**2, col("mouth_w") * 0.75, 0.055 + 0 * mouth_y)
    canvas.paint(canvas.cover(bar) * torch.maximum(col("moustache"), col("beard")), look["hair"] * 0.85)


def front_hair(canvas, look, col, x, y):
    cap = ellipse(x, y + 0.04, col("hair_size"), col("tall") * 1.08)
    line = (
        col("hairline")
        + 0.35 * (x - col("parting")).abs() ** 1.5 * (1 - col("fringe"))
        + 0.12 * col("fringe")
    )
    temple = torch.maximum(line, (y * 0 + 0.9 * (x.abs() - 0.62)) * 3)
    cap = torch.maximum(cap, (y - torch.minimum(temple, 0.25 + 0 * y)) * 0.8)
    shine = 1 + col("hair_shine") * torch.sin(x * 9 + col("parting") * 7) * (-y - 0.3).clamp(0, 1)
    colour = look["hair"][:, :, None, None] * shine.unsqueeze(1)
    canvas.paint(canvas.cover(cap) * (1 - col("bald")), colour)


def eyes(canvas, look, col, posed, x, y):
    ex, ey = x.abs() - col("eye_x"), y - col("eye_y")
    width = col("eye_w")
    height = width * col("eye_h")
    open_height = height * (1 - 0.92 * posed("blink")) + 0.004
    white = ellipse(ex, ey, width, open_height)
    shown = canvas.cover(white)
    lid = ellipse(ex, ey, width * 1.04, height * 1.06)
    canvas.paint(canvas.cover(lid), look["skin"] * 0.86)
    canvas.paint(shown, torch.full_like(look["skin"], 0.97))
    # Both eyes look the same way: |x| mirrors the shapes, not the gaze.
    iris_x = ex - col("gaze") * width * torch.sign(x)
    radius = height * col("iris")
    canvas.paint(shown * canvas.cover(ellipse(iris_x, ey, radius, radius)), look["eyes"])
    canvas.paint(shown * canvas.cover(ellipse(iris_x, ey, radius * 0.5, radius * 0.5)), look["eyes"] * 0.1)
    spark = ellipse(iris_x + 0.3 * radius * torch.sign(x), ey + 0.35 * radius, radius * 0.25, radius * 0.25)
    canvas.paint(shown * canvas.cover(spark), torch.ones_like(look["skin"]))
    line = (ellipse(ex, ey, width * 1.05, open_height * 1.05).abs() - 0.018).clamp_min(-0.02)
    canvas.paint(canvas.cover(torch.maximum(line, ey - 0.1 * height)) * 0.85, look["hair"] * 0.25)
    brow_y = ey + col("brow_y") + 0.18 * posed("brow") - col("brow_tilt") * ex + col("brow_arch") * ex**2 * 4
    brows = capsule(ex, brow_y, width * 1.05, col("brow_h"))
    canvas.paint(canvas.cover(brows), look["hair"] * 0.6)


def nose(canvas, look, col, x, y):
    ny = y - col("nose_y")
    ball = ellipse(x, ny, col("nose_w"), col("nose_w") * 0.75)
    style = col("nose_style")
    canvas.paint(canvas.cover(ball) * (style > 0.5) * 0.6, look["skin"] * 0.85)
    line = torch.maximum(ball.abs() - 0.02, -ny)
    canvas.paint(canvas.cover(line) * 0.7, look["skin"] * 0.6)
    ridge = capsule(ny + 0.2, x - 0.05 - 0.2 * (ny + 0.2), 0.16 + 0 * style, 0.012 + 0 * style)
    canvas.paint(canvas.cover(ridge) * (style < 0.35) * 0.6, look["skin"] * 0.65)


def mouth_shape(col, posed, x, y, mouth_y):
    """Half width, half height, and y measured from the curved middle line."""
    half_width = col("mouth_w") * (0.62 + 0.55 * posed("width")) * (1 - 0.12 * posed("opening"))
    half_height = 0.28 * posed("opening")
    bend = col("smile") * (1 - (x / half_width) ** 2).clamp_min(-1)
    return half_width, half_height, y - mouth_y - bend - half_height * 0.55


def mouth(canvas, look, col, posed, x, y, mouth_y):
    half_width, half_height, my = mouth_shape(col, posed, x, y, mouth_y)
    lips = ellipse(x, my, half_width + 0.02, half_height + col("lip") * 1.15)
    canvas.paint(canvas.cover(lips), look["lips"])
    inner = ellipse(x, my, half_width * 0.9, half_height + 0.006)
    shown = canvas.cover(inner)
    dark = torch.stack([share * look["lips"][:, i] for i, share in enumerate((0.28, 0.2, 0.22))], 1)
    canvas.paint(shown, dark)
    tongue = ellipse(x, my - half_height * 1.05, half_width * 0.6, half_height * 0.75 + 0.004)
    canvas.paint(
        shown * canvas.cover(tongue) * (posed("opening") * 2.5).clamp(0, 1), look["lips"] * 0.8 + 0.06
    )
    upper = my + half_height * (1 - 0.55 * posed("teeth")) - 0.012
    white = shown * canvas.cover(upper) * (posed("teeth") * 2.5).clamp(0, 1)
    canvas.paint(white, torch.full_like(look["skin"], 0.95))


def glasses(canvas, look, col, x, y):
    ex, ey = x.abs() - col("eye_x") - 0.01, y - col("eye_y") - 0.01
    rim = ellipse(ex, ey, col("glasses_r"), col("glasses_r") * 0.85).abs() - col("glasses_line")
    bridge = torch.maximum(ey.abs() - col("glasses_line") * 0.8, x.abs() - col("eye_x") + col("glasses_r"))
    arms = torch.maximum(
        (ey + 0.05).abs() - col("glasses_line") * 0.7,
        torch.maximum(col("eye_x") + col("glasses_r") - x.abs(), x.abs() - 1.0),
    )
    shape = torch.minimum(rim, torch.minimum(bridge, arms))
    canvas.paint(canvas.cover(shape) * col("glasses"), look["frame"])
