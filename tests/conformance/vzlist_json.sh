# SPDX-License-Identifier: GPL-2.0-or-later
# vzlist -j: the frame, the keys and the types that programs rely on.
. "$TOP/tests/conformance/case.sh"

given none 101
given none 102
given running 101 HOSTNAME=a.example "IP_ADDRESS=10.77.1.1 10.77.1.2" "DESCRIPTION={\"name\": \"x\"}" ONBOOT=yes BOOTORDER=5 CPUUNITS=500 CPULIMIT=50 NAMESERVER=192.0.2.3 FEATURES=nfs:on
given stopped 102

# json EXPRESSION WANTED CTID...: what a client's parser makes of it; ct is the array, c its first object.
json() {
	local expr=$1 want=$2
	shift 2
	run python3 -c "import json, subprocess
ct = json.loads(subprocess.run(['vzlist', '-a', '-j'] + '$*'.split(), capture_output=True, text=True).stdout)
c = ct[0] if ct else None
v = $expr
print(v)"
	out "$want"
}

it "no container: an empty array"
run vzlist -j -h 'none.*'
out "[]"
err_any

it "the frame"
run vzlist -j -o ctid,hostname 101
out '[
  {
    "ctid": 101,
    "hostname": "a.example"
  }
]'

it "two containers"
run vzlist -a -j -o ctid 101 102
out_like $'^\\[\n  \{\n    "ctid": 101\n  \},\n  \{\n    "ctid": 102\n  \}\n\\]$'

it "sterfield's call"
run vzlist -a1j 101
out_like $'^\\[\n  \{\n    "veid": 101\n  \}\n\\]$'

it "the whole list is JSON"
json 'len(ct)' 2

it "the keys, all of them"
json '" ".join(sorted(k for k in ("ctid", "veid", "vpsid", "private", "root", "mount_opts", "origin_sample", "hostname", "name", "smart_name", "description", "ostemplate", "ip", "nameserver", "searchdomain", "status", "kmemsize", "lockedpages", "privvmpages", "shmpages", "numproc", "physpages", "vmguarpages", "oomguarpages", "numtcpsock", "numflock", "numpty", "numsiginfo", "tcpsndbuf", "tcprcvbuf", "othersockbuf", "dgramrcvbuf", "numothersock", "dcachesize", "numfile", "numiptent", "swappages", "diskspace", "diskinodes", "laverage", "uptime", "cpulimit", "cpuunits", "cpus", "ioprio", "iolimit", "iopslimit", "onboot", "bootorder", "layout", "features", "vswap", "disabled", "vm_overcommit", "netfilter", "capability") if k not in c))' "" 101

it "the keys that panels read are there"
json '" ".join(k for k in ("ctid", "veid", "private", "root", "hostname", "name", "ostemplate", "ip", "nameserver", "searchdomain", "status", "physpages", "swappages", "diskspace", "onboot", "layout") if k not in c)' "" 101

it "suffixed fields are refused"
run vzlist -j -o ctid,numproc.l 101
out_any
err "Field \`numproc.l' is not available in JSON output"
rc 1

it "CTID is a number under all three names"
json 'c["ctid"], c["veid"], c["vpsid"]' "(101, 101, 101)" 101

it "strings"
json 'c["hostname"], c["status"], c["private"], c["root"]' "('a.example', 'running', '/vz/private/101', '/vz/root/101')" 101

it "strings that are not set are null"
json 'c["hostname"], c["description"]' "(None, None)" 102

it "a name that is not set"
json 'c["name"], c["smart_name"]' "(None, 102)" 102

it "quotes are escaped"
json 'c["description"]' '{"name": "x"}' 101

it "lists are arrays"
json 'c["ip"], c["nameserver"]' "(['10.77.1.1', '10.77.1.2'], ['192.0.2.3'])" 101

it "lists that are not set are empty"
json 'c["ip"], c["searchdomain"]' "([], [])" 102

it "numbers"
json 'c["cpuunits"], c["cpulimit"], c["cpus"], c["bootorder"]' "(500, 50, 0, 5)" 101

it "numbers that are not set"
json 'c["cpulimit"], c["cpus"], c["iolimit"], c["iopslimit"]' "(0, 0, 0, 0)" 102

it "onboot is true, false or null"
json 'c["onboot"]' "True" 101

it "onboot=no"
json 'c["onboot"]' "False" 102

it "vswap and disabled"
json 'c["vswap"], c["disabled"]' "(True, False)" 101

it "a counter is an object"
json 'sorted(c["numproc"]), c["numproc"]["limit"], c["numproc"]["barrier"]' "(['barrier', 'failcnt', 'held', 'limit', 'maxheld'], 200, 200)" 101

it "a counter of a running container counts"
json 'c["numproc"]["held"] > 0' "True" 101

it "a counter of a stopped one does not"
json 'c["numproc"]["held"], c["numproc"]["maxheld"], c["numproc"]["failcnt"]' "(0, 0, 0)" 102

it "memory in pages"
json 'c["physpages"]["limit"], c["swappages"]["limit"]' "(65536, 0)" 102

it "unlimited is the large number"
given stopped 102 NUMFILE=unlimited
json 'c["numfile"]["limit"]' 9223372036854775807 102

it "disk limits"
given stopped 102 DISKSPACE=1048576:1126400
json 'sorted(c["diskspace"]), c["diskspace"]["softlimit"], c["diskspace"]["hardlimit"]' "(['hardlimit', 'softlimit', 'usage'], 1048576, 1126400)" 102

it "features"
json 'c["features"]["nfs"]' True 101

it "uptime of a stopped container"
given stopped 102
run vzlist -j -o uptime 102
out_like $'"uptime": 0.000\n'

it "uptime has three decimals"
run vzlist -j -o uptime 101
out_like '"uptime": [0-9]+\.[0-9]{3}'

it "load is three numbers or null"
json 'c["laverage"] is None or len(c["laverage"]) == 3' True 101

it "load of a stopped container"
json 'c["laverage"]' None 102

it "status by number, yaegashi's way"
run vzlist -j 102
out_like '"status": "stopped"'
