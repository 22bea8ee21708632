"""Frames beside each other in one PNG."""

import struct
import zlib

import torch


def write_png(path, rgb_HW3):
    height, width, _ = rgb_HW3.shape
    rows = b"".join(b"\0" + rgb_HW3[y].contiguous().numpy().tobytes() for y in range(height))

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def as_bytes(images_N3HW):
    return ((images_N3HW.float().cpu().clamp(-1, 1) + 1) * 127.5).round().byte()


def contact_sheet(path, images_N3HW, columns):
    images = as_bytes(images_N3HW)
    missing = -len(images) % columns
    images = torch.cat([images, images.new_zeros(missing, *images.shape[1:])])
    rows = images.unflatten(0, (-1, columns)).permute(0, 3, 1, 4, 2)
    write_png(path, rows.reshape(rows.shape[0] * rows.shape[1], -1, 3))
