# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes an OCI image layout for tests: mkoci.py DIR KIND. The lowest layer of "system" is the archive BASE (env)."""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile


def tar(entries):
    """entries: (name, content): bytes a file, None a directory, str a symbolic link, ("hard", target)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as t:
        for name, content in entries:
            ti = tarfile.TarInfo(name)
            ti.mode = 0o755
            if content is None:
                ti.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                ti.type, ti.linkname = tarfile.SYMTYPE, content
            elif isinstance(content, tuple):
                ti.type, ti.linkname = tarfile.LNKTYPE, content[1]
            else:
                ti.size = len(content)
            t.addfile(ti, io.BytesIO(content) if isinstance(content, bytes) else None)
    return out.getvalue()


class Layout:
    def __init__(self, path):
        self.path = path
        os.makedirs(path + "/blobs/sha256")
        with open(path + "/oci-layout", "w") as f:
            json.dump({"imageLayoutVersion": "1.0.0"}, f)
        self.manifests = []

    def blob(self, data, media):
        digest = hashlib.sha256(data).hexdigest()
        with open(f"{self.path}/blobs/sha256/{digest}", "wb") as f:
            f.write(data)
        return {"mediaType": media, "digest": "sha256:" + digest, "size": len(data)}

    def image(self, layers, config, tag, arch="amd64"):
        config = {"architecture": arch, "os": "linux", "config": config, "rootfs": {"type": "layers", "diff_ids": []}}
        manifest = {
            "schemaVersion": 2,
            "config": self.blob(json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"),
            "layers": [self.blob(data, "application/vnd.oci.image.layer.v1.tar" + kind) for data, kind in layers],
        }
        d = self.blob(json.dumps(manifest).encode(), "application/vnd.oci.image.manifest.v1+json")
        d["annotations"] = {"org.opencontainers.image.ref.name": tag}
        d["platform"] = {"architecture": arch, "os": "linux"}
        self.manifests.append(d)

    def close(self):
        with open(self.path + "/index.json", "w") as f:
            json.dump({"schemaVersion": 2, "manifests": self.manifests}, f)


UPPER = [
    ("etc/oci", b"second\n"), ("etc/.wh.issue", b""), ("opaque/new", b"kept\n"), ("opaque/.wh..wh..opq", b""),
    ("kind", None), ("kind/file", b"a directory now\n"), ("other", b"a file now\n"), ("hard", ("hard", "etc/low")),
]
LOWER = [
    ("etc/oci", b"first\n"), ("etc/issue", b"away\n"), ("etc/low", b"low\n"), ("opaque", None), ("opaque/old", b"away\n"),
    ("kind", b"a file\n"), ("other", None), ("other/deep", None), ("other/deep/file", b"away\n"),
]


def main(path, kind):
    lay = Layout(path)
    if kind in ("system", "tags"):
        with open(os.environ["BASE"], "rb") as f:
            base = f.read()
        layers = [(base, "+zstd"), (gzip.compress(tar(LOWER), mtime=0), "+gzip"), (tar(UPPER), "")]
        lay.image(layers, {}, "latest")
        lay.image([(base, "+zstd")], {}, "arm", arch="arm64")
        if kind == "tags":
            lay.image([(base, "+zstd")], {}, "plain")
    elif kind == "app":
        with open(os.environ["BASE"], "rb") as f:
            base = f.read()
        wipe = tar([("sbin/.wh.init", b""), (".wh.linuxrc", b"")])
        lay.image([(base, "+zstd"), (wipe, "")], {
            "Env": ["PATH=/usr/bin:/bin:/usr/sbin:/sbin", "WORD=it's", "bad name=x"], "WorkingDir": "/tmp",
            "Entrypoint": ["/bin/sh", "-c"], "Cmd": ["pwd >/ran; echo $WORD >>/ran; exec sleep 1000"]}, "latest")
    elif kind == "evil":
        lay.image([(tar([("etc", "/etc"), ("etc/.wh.passwd", b"")]), "")], {}, "latest")
    elif kind == "dotdot":
        lay.image([(tar([("x/../../.wh.passwd", b"")]), "")], {}, "latest")
    elif kind == "wh-dots":
        lay.image([(tar([("x", None), ("x/.wh...", b"")]), "")], {}, "latest")
    lay.close()


main(*sys.argv[1:])
