"""A thumbnail worth looking at: a heron's morning, painted with Pillow."""

import io
import math


def painting(size=(960, 540)):
    """JPEG bytes of hills, a sun and its reflection in a pond."""
    from PIL import Image, ImageDraw, ImageFilter

    width, height = size
    image = Image.new("RGB", size)
    draw = ImageDraw.Draw(image)
    for y in range(height):
        share = y / height
        draw.line([(0, y), (width, y)], fill=(int(250 - 70 * share), int(214 - 40 * share), int(160 + 30 * share)))
    sun = (width * 0.68, height * 0.34)
    glow = Image.new("RGB", size, (0, 0, 0))
    ImageDraw.Draw(glow).ellipse([sun[0] - 150, sun[1] - 150, sun[0] + 150, sun[1] + 150], fill=(90, 70, 30))
    image = Image.blend(image, Image.eval(glow.filter(ImageFilter.GaussianBlur(70)), lambda v: min(255, v + 150)), 0.15)
    draw = ImageDraw.Draw(image)
    draw.ellipse([sun[0] - 46, sun[1] - 46, sun[0] + 46, sun[1] + 46], fill=(255, 240, 196))
    layers = [(0.50, 46, (142, 152, 110)), (0.58, 34, (104, 122, 78)), (0.66, 24, (70, 92, 54))]
    for number, (level, swing, colour) in enumerate(layers):
        ridge = [
            (
                x,
                height * level
                + swing * math.sin(x / (140 - 20 * number) + number * 2.1)
                + swing / 3 * math.sin(x / 47),
            )
            for x in range(0, width + 8, 8)
        ]
        draw.polygon([(0, height), *ridge, (width, height)], fill=colour)
    shore = int(height * 0.76)
    for y in range(shore, height):
        share = (y - shore) / (height - shore)
        draw.line([(0, y), (width, y)], fill=(int(150 - 70 * share), int(158 - 64 * share), int(132 - 50 * share)))
    for number in range(14):
        y = shore + 8 + number * 8
        reach = 60 - number * 3 + 14 * math.sin(number * 2.2)
        draw.line([(sun[0] - reach, y), (sun[0] + reach, y)], fill=(246, 222, 170), width=3)
    for number in range(26):
        x = 20 + number * 11 + 9 * math.sin(number * 5)
        top = shore - 40 - 70 * abs(math.sin(number * 1.7))
        draw.line([(x, height), (x + 10 * math.sin(number), top)], fill=(46, 60, 34), width=4)
    buffer = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(0.6)).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
