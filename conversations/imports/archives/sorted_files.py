"""Sorts the files of an archive by what they are, by their names alone."""

from dataclasses import dataclass, field
from pathlib import Path

from conversations.imports.archives import layout
from conversations.imports.archives.archive_parts import Located, Parts
from conversations.imports.archives.layout import Owner, ThreadFile
from conversations.imports.archives.threads import ArchiveOverview


@dataclass
class Contents:
    threads: list[tuple[ThreadFile, Located]] = field(default_factory=list)
    html_folders: dict[str, str] = field(default_factory=dict)  # of threads: (name, of an entry in it)
    flat: list[Located] = field(default_factory=list)  # may be of encrypted chats
    profiles: list[Located] = field(default_factory=list)
    media: dict[str, Located] = field(default_factory=dict)  # by the key of layout.media_key()
    signs: dict[int, Owner] = field(default_factory=dict)  # by part: Instagram, or Facebook
    has_zips: bool = False  # inside

    def owner_without_root(self, part: int) -> Owner:
        """Return whose archive a part is that has no root: its own signs decide, or those of all others."""
        if part in self.signs:
            return self.signs[part]
        others = set(self.signs.values())
        return Owner.INSTAGRAM if others == {Owner.INSTAGRAM} else Owner.UNKNOWN

    def add(self, at: Located, part_name: str) -> None:
        name = at.entry.name
        if sign := layout.sign_of(name):
            self.signs.setdefault(at.part, sign)
        if found := layout.thread_file(name, part_name):
            if found.is_html:
                self.html_folders[found.folder] = name
            else:
                self.threads.append((found, at))
        elif layout.is_profile(name):
            self.profiles.append(at)
        elif layout.is_flat_file(name):
            self.flat.append(at)
        elif layout.is_media(name):
            self.media.setdefault(layout.media_key(name), at)
        self.has_zips |= name.endswith(".zip")


def list_contents(parts: Parts, overview: ArchiveOverview) -> Contents:
    """List the files of all parts. What is refused is counted."""
    contents, paths = Contents(), parts.paths
    for number, path in enumerate(paths):
        if sign := layout.sign_of(path.name):
            contents.signs[number] = sign
    names = [folder_name(path) for path in paths]
    for at in parts.entries(overview):
        contents.add(at, names[at.part])
    return contents


def folder_name(path: Path) -> str:
    """Return the name that stands for the folder of files at the top of a part."""
    return path.name.removesuffix(".zip")
