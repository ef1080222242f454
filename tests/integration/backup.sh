# SPDX-License-Identifier: GPL-2.0-or-later
# Backups: a container's files and configuration into an archive and back, running and stopped.
# seconds: 90
. "$TOP/tests/integration/lib.sh"
D=/var/tmp/dump
mkdir -p $D
W=$(mktemp -d)
new 901
vzctl start 901 >/dev/null 2>&1
in_ct 901 'mkdir -p /srv/d; echo hello >/srv/d/f; ln /srv/d/f /srv/d/hard; ln -s f /srv/d/sym; mkfifo /srv/d/fifo; dd if=/dev/zero of=/srv/d/sparse bs=1 count=1 seek=5000000 2>/dev/null; chown 5:6 /srv/d/f; chmod 4755 /srv/d/f; touch -d "2001-02-03 04:05:06" /srv/d/sym /srv/d/f'
echo ---; time vzctl backup 901 --dumpdir $D; ls -l $D; vzdump --list --dumpdir $D
F=$(ls $D/*.zst)
tar --zstd -tvf $F | head -20
tar --zstd -tf $F | wc -l
vzrestore $F --list | head; vzdump --check $F
vzrestore $F 902; vzlist -a; vzctl start 902; vzctl exec 902 ls -la /srv/d; stat -c %s,%b /vz/private/902/upper/srv/d/sparse
vzctl snapshot-list 901; ls /vz/private/901
gone 901 902
rm -rf $D $W
