"""Attachments, shares, reactions and the like, in the format of Graph's answers."""

from collections.abc import Callable
from typing import Any

Maker = Callable[[int], dict[str, Any]]  # from a number to additional fields of a message

CDN = "https://scontent.example.fbcdn.net/v"


def _attached(**attachment: Any) -> dict[str, Any]:
    return {"attachments": [attachment]}


def _picture(number: int, **more: Any) -> dict[str, Any]:
    url = f"{CDN}/t1.15752/{number}_n.jpg?oh=00_{number:x}&oe=6900"
    size = {"width": 1080, "height": 1440, "max_width": 1080, "max_height": 1440}
    return {
        "url": url,
        "preview_url": url + "&preview=1",
        **size,
        "image_type": 1,
        "render_as_sticker": False,
        **more,
    }


def image(number: int) -> dict[str, Any]:
    name = f"image-{number}"
    return _attached(
        id=str(number), mime_type="image/jpeg", name=name, size=number % 900000, image_data=_picture(number)
    )


def gif(number: int) -> dict[str, Any]:
    moving = {f"animated_{kind}_url": f"{CDN}/{number}.{kind}" for kind in ("gif", "webp")}
    data = _picture(
        number, **moving, raw_gif_image=f"{CDN}/{number}.gif", raw_webp_image=f"{CDN}/{number}.webp"
    )
    return _attached(id=str(number), mime_type="image/gif", name=f"gif-{number}", size=None, image_data=data)


def video(number: int) -> dict[str, Any]:
    clip = {
        "url": f"{CDN}/t42/{number}.mp4",
        "preview_url": f"{CDN}/t42/{number}.jpg",
        "width": 720,
        "height": 1280,
    }
    data = {**clip, "length": 12, "rotation": 0, "video_type": 1}
    frame = {"width": 720, "height": 1280}  # beside the video: the client must test for the video first
    return _attached(
        id=str(number),
        mime_type="video/mp4",
        name=f"video-{number}.mp4",
        size=4_200_000,
        video_data=data,
        image_data=frame,
    )


def audio(number: int) -> dict[str, Any]:
    url = f"https://cdn.fbsbx.example/v/{number}.mp4?dl=1"
    return _attached(
        id=str(number), mime_type="audio/mpeg", name=f"audioclip-{number}.mp4", size=51_200, file_url=url
    )


def file(number: int) -> dict[str, Any]:
    url = f"https://cdn.fbsbx.example/v/{number}/invoice.pdf?dl=1"
    return _attached(
        id=str(number),
        mime_type="application/pdf",
        name=f"invoice-{number % 100000}.pdf",
        size=84_000,
        file_url=url,
    )


def template(number: int) -> dict[str, Any]:
    action = {"title": "Track the parcel", "type": "web_url", "url": f"https://shop.example/track/{number}"}
    card = {"title": "Your order is on its way", "subtitle": "Arrives tomorrow before noon", "cta": action}
    return _attached(id=str(number), generic_template={**card, "media_url": f"{CDN}/{number}_card.jpg"})


def blocked(number: int) -> dict[str, Any]:
    return _attached(id="1234", name="This attachment is not available because of privacy rules in Europe.")


def two_images(number: int) -> dict[str, Any]:
    return {"attachments": image(number)["attachments"] + image(number + 1)["attachments"]}


def sticker(number: int) -> dict[str, Any]:
    return {"sticker": f"{CDN}/t39.1997-6/{number % 40}_sticker.png"}


def share(number: int) -> dict[str, Any]:
    link = f"https://shop.example/products/{number % 500}"
    return {
        "shares": [
            {"id": str(number), "link": link, "name": "Stoneware mug", "description": "Hand-made, 300 ml"}
        ]
    }


def story(number: int) -> dict[str, Any]:
    return {
        "story": {"reply_to": {"link": f"https://lookaside.fbsbx.example/story/{number}", "id": str(number)}}
    }


def unsupported(number: int) -> dict[str, Any]:
    return {"is_unsupported": True}


KINDS: tuple[Maker, ...] = (
    image, image, image, image, two_images, gif, video, audio, audio, file, template, blocked,
    sticker, sticker, sticker, share, share, unsupported,
)  # fmt: skip
INSTAGRAM_KINDS: tuple[Maker, ...] = (*KINDS, story, story, story)
WORDLESS = (image, two_images, gif, video, audio, file, blocked, sticker, unsupported)
