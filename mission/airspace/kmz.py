"""KMZ archives: the one KML file inside, unpacked within limits (faults F-X7, F-X8)."""

import io
import zipfile
import zlib

from mission.airspace.reading import DocumentScope


def unpack_kmz(data: bytes, scope: DocumentScope) -> bytes:
    """Return the bytes of the archive's root KML file; nothing is ever written, so its path cannot matter.

    Raises:
        InputError: not an archive, no KML or more than one in it, encrypted, or over a cap. Sizes are checked as
            declared before unpacking, and as found while unpacking.
    """
    caps = scope.caps
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > caps.max_archive_members:
                what = f"the archive holds {len(members)} files"
                raise scope.broken("document", what, f"At most {caps.max_archive_members} are read.")
            # Two KML files would mean that zones of one of them are silently left out.
            documents = [member for member in members if member.filename.lower().endswith(".kml")]
            if len(documents) != 1:
                what = f"the archive holds {len(documents)} KML files"
                raise scope.broken("document", what, "Pack exactly one, or give the KML files themselves.")
            (root,) = documents
            if root.flag_bits & 0x1:
                raise scope.broken("document", "the archive is encrypted", "Pack it without a password.")
            ratio = root.file_size / max(root.compress_size, 1)
            if root.file_size > caps.max_unpacked_bytes or ratio > caps.max_compression_ratio:
                raise scope.broken(
                    "document",
                    f"its KML unpacks to {root.file_size} bytes, {ratio:.0f} times its packed size",
                    f"At most {caps.max_unpacked_bytes} bytes and {caps.max_compression_ratio:.0f} times are read.",
                )
            with archive.open(root) as packed:
                unpacked = packed.read(caps.max_unpacked_bytes + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        what = f"it is no readable KMZ archive: {error}"
        raise scope.broken("document", what, "Pack it again, or give the KML itself.") from error
    if len(unpacked) > caps.max_unpacked_bytes:
        raise scope.broken("document", "its KML is too large", f"At most {caps.max_unpacked_bytes} bytes are read.")
    return unpacked
