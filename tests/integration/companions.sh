# SPDX-License-Identifier: GPL-2.0-or-later
# The companion tools against real containers: what scripts cut out of their lines, and their statuses.
. "$TOP/tests/integration/lib.sh"

T=$'\t'
word() { awk -v n="$1" '{ print $n; exit }'; }	# the n-th word of the first line
# line N CMD...: the n-th line of standard output
line() { local n=$1; shift; "$@" 2>/dev/null </dev/null | sed -n "${n}p"; }

up 701 --ipadd 10.77.7.1 --diskspace 2097152:2306867
new 702 --config basic
init=$(init_of 701)

# --- vzpid, vzps, vztop ---
says "vzpid knows the container" 0 "Pid${T}CTID${T}Name
$init${T}701${T}init" "" vzpid "$init"
says "and the pid inside" 0 "Pid${T}CT/Pid${T}CTID${T}Name
$init${T}1${T}701${T}init" "" vzpid -p "$init"
says "a process of the host" 0 "Pid${T}CTID${T}Name
$$${T}0${T}bash" "" vzpid $$
says "what there is not is left out" 0 "Pid${T}CTID${T}Name" "" vzpid 4194303 word
is "pids from standard input" "$(echo "$init 4194303" | vzpid - | tail -n 1)" "$init${T}701${T}init"
rc "vzpid without a pid" 1 vzpid
like "tells its usage" "$TAP_OUT" '^Usage: vzpid '
rc "vzpid -h" 0 vzpid -h
vzctl exec 701 'printf "#!/bin/sh\nsleep 300\n" >"/tmp/$(printf "e\033[2J")"; chmod +x /tmp/e*; (/tmp/e* &) >/dev/null 2>&1 </dev/null'
soon "it runs" 3 sh -c "vzps -E 701 | grep -q 'e.\[2J'"
evil=$(vzps -E 701 | awk '/e\?\[2J/ { print $2 }')
like "a name with an escape sequence is harmless" "$(vzpid "$evil" | tail -n 1)" "^$evil${T}701${T}e\\?\\[2J\$"
like "vzps -E shows one container" "$(vzps -E 701 | sort -u -k1,1 | awk 'NR > 1 || $1 != "CTID" { print $1 }' | tr '\n' ' ')" '^701 (CTID )?$'
like "vzps aux shows the command and the user inside" "$(vzps -E 701 aux)" $'\n       701 0 +'"$init"' .* (/sbin/)?init'
like "vzps -E 0 leaves containers out" "x$(vzps -E 0 | awk '$1 == 701')" '^x$'
rc "vzps and an unknown letter" 1 vzps -z
like "vztop" "$(vztop -b -n 1)" $'\n      CTID NPROC   CPU%   MEM  MEM%  SWAP  RX/s  TX/s         UPTIME NAME\n       701 '
is "vztop -n 2 prints two tables" "$(vztop -b -n 2 -d 0.1 | grep -c '^ *701 ')" 2
is "vztop -E leaves others out" "$(vztop -b -n 1 -E 702 | grep -c '^ *70')" 0
rc "vztop -d x" 1 vztop -d x

# --- processors and memory ---
out_is "vzcpucheck, word 4 of the first line" 2000 sh -c "vzcpucheck | awk 'NR == 1 { print \$4 }'"
power=$(awk -F: 'tolower($1) ~ /^bogomips/ { s += $2 } END { print int(s * 25) }' /proc/cpuinfo)
is "word 5 of the second" "$(line 2 vzcpucheck)" "Power of the node: $power"
is "vzcpucheck -v" "$(vzcpucheck -v | head -n 4)" "VEID$T${T}CPUUNITS
-------------------------
0$T${T}1000
701$T${T}1000"
rc "vzcpucheck and a word" 2 vzcpucheck word
is "vzmemcheck begins" "$(vzmemcheck | head -n 3)" "Output values in %
 LowMem  LowMem     RAM MemSwap MemSwap   Alloc   Alloc   Alloc
   util  commit    util    util  commit    util  commit   limit"
like "and has one row" "$(vzmemcheck | grep '[0-9]')" '^ *[0-9]+\.[0-9][0-9]( +[0-9]+\.[0-9][0-9]){7}$'
like "-v -A: a row for the container, megabytes promised" "$(vzmemcheck -v -A)" $'\n701         *[0-9.]+ +256.00 +[0-9.]+ +[0-9.]+ +256.00 '
mem=$(awk '/^MemTotal/ { m = $2 } END { printf "%.2f", m / 1024 }' /proc/meminfo)
like "and the node's memory" "$(vzmemcheck -A | tail -n 1)" "^ *$mem +$mem +$mem "
is "vzcalc of a stopped container" "$(vzcalc 702 | tail -n 1 | awk '{ print $1, $2 }')" "Memory n/a"
is "vzcalc -v" "$(vzcalc -v 701 | cut -c 1-10 | sed 's/ *$//' | tr '\n' ,)" \
	"Resource,Low Mem,Total RAM,Mem + Swap,Alloc. Mem,Num. Proc,----------,Memory,"
says "vzcalc and no container" 1 "" "Container configuration file: /etc/vz/conf/799.conf not found" vzcalc 799
says "vzcalc and a word" 1 "" "Invalid CT ID: web" vzcalc web

# --- beancounters ---
ok "a limit of processes" vzctl set 701 --numproc 40 --save
like "vzubc" "$(vzubc 701)" '^-{67}
CT 701       \| HELD  Bar%  Lim%\| MAXH  Bar%  Lim%\| BAR \| LIM \| FAIL
-{13}\+-{17}\+-{17}\+-----\+-----\+-----
'
like "a row" "$(vzubc 701)" $'\n      numproc\| +[0-9]+ +[0-9]+% +[0-9]+%\| +[0-9]+ +[0-9]+% +[0-9]+%\|   40\|   40\|'
like "without a limit only with -v" "x$(vzubc 701 | grep numfile)" '^x$'
like "and with it" "$(vzubc -v 701)" 'numfile\|'
is "vzubc shows what vzlist shows" "$(vzubc -v 701 | awk -F'|' '/physpages/ { gsub(" ", ""); print $5 }' | head -n 1)" "256M"
in_ct 701 'i=0; while [ $i -lt 60 ]; do sleep 100 & i=$((i+1)); done' >/dev/null 2>&1
in_ct 701 'kill -9 -1' >/dev/null
like "a failure is counted" "$(vzubc -q 701 | grep numproc)" 'numproc\|.*\| +[1-9][0-9]*$'
ok "-r remembers" vzubc -r -rd /run/vz/t.rel 701
like "and shows what is new only" "x$(vzubc -r -rd /run/vz/t.rel 701 | grep -o 'numproc.*')" '\| +-$'
mkdir -m 777 /run/vz/t.open
rc "a directory that others may write to is refused" 1 vzubc -r -rd /run/vz/t.open 701
rm -rf /run/vz/t.rel /run/vz/t.open
printf '       uid  resource\n       55:  numproc 1 2 3 4 5\n' >/tmp/bc
like "vzubc -f" "$(vzubc -f /tmp/bc)" $'^-+\nCT 55 .*\n      numproc\|    1   33%   25%\|    2   67%   50%\|    3\|    4\|    5$'
rc "vzubc -f and no file" 1 vzubc -f /tmp/none
rc "vzubc and no container" 1 vzubc nobody
like "vzoversell" "$(vzoversell)" $'\n701 .*\nTOTAL .*\n\nRAM        available: .*  allocated:  256M  oversell: [0-9]+%\nSwap  '
rm -f /tmp/bc

# --- quota ---
like "vzquota stat" "$(vzquota stat 701)" '^   resource          usage       softlimit      hardlimit    grace
  1k-blocks +[0-9]+  +[0-9]+ +2306867 +
     inodes '
is "words 1 and 3 of the batch form" "$(vzquota -b stat 701 | awk 'NR == 1 { print NF, $3 }')" "5 2306867"
rc "stat -t: users are not counted" 9 vzquota stat 701 -t
ok "setlimit" vzquota setlimit 701 -b 900000 -B 1000000
is "is in force" "$(vzquota -b stat 701 | word 3)" 1000000
rc "off while it runs" 3 vzquota off 701
rc "on twice" 5 vzquota on 701
ok "off" vzquota off 702
says "stat when it is off" 6 "" "vzquota: Quota accounting is off, try vzquota show id" vzquota stat 702
is "show says what is configured" "$(vzquota -b show 702 | awk 'NR == 1 { print $2, $3 }')" "2097152 2306867"
rc "setlimit when it is off" 6 vzquota setlimit 702 -B 5
rc "off twice" 6 vzquota off 702
ok "on" vzquota on 702
rc "drop of a running one" 5 vzquota drop 702
ok "by force" vzquota drop 702 -f
ok "reload2" vzquota reload2 702
rc "no such container" 11 vzquota stat 799
rc "no id" 2 vzquota stat
rc "no such command" 2 vzquota nonsense 701
rc "init wants everything" 2 vzquota init 702 -b 5
mkdir -p /tmp/dq/d && head -c 10000 /dev/urandom >/tmp/dq/d/f && ln /tmp/dq/d/f /tmp/dq/g
is "vzdqcheck counts a file with two names once" "$(vzdqcheck -q /tmp/dq | word 2)" 3
rm -rf /tmp/dq
rc "vzdqcheck and no path" 2 vzdqcheck

rc "vzdqdump without an option" 2 vzdqdump 701
says "vzdqdump says that nobody counts" 0 "ugid_quota_status:	0" "" vzdqdump 701 -U -G -T
rc "and no container" 11 vzdqdump 799 -U
ok "its dump can be loaded" sh -c 'vzdqdump 701 -U -G -T | vzdqload 701 -U -G -T -F'
rc "any other not" 9 sh -c 'echo "user 500 1000 2000" | vzdqload 701 -U'
like "and is told why" "$TAP_OUT" 'vzdqload: User and group quotas are inactive for CT 701: .*--layout image.*nothing was loaded'
says "-q" 9 "" "" sh -c 'echo x | vzdqload -q 701 -U'
rc "an old quota file" 11 vzdqload 701 -U -c /var/vzquota/quota.701

# --- traffic ---
head="      CTID Net.Class         Input(bytes)     Input(pkts)        Output(bytes)    Output(pkts)"
is "vznetstat's header" "$(vznetstat | head -n 1)" "$head"
# row OPTION: figures of class 1; the kernel sends a few IPv6 packets of its own while a link is young
row() { vznetstat $1 -v 701 -c 1 | tail -n 1 | tr -s ' '; }
vznetstat -r >/dev/null
ping -c 3 -i 0.01 -q 10.77.7.1 >/dev/null
is "three pings, their 84 bytes and the answers" "$(row -4)" " 701 1 252 3 252 3"
read -r _ _ bytes packets _ <<<"$(row)"
read -r _ _ bytes6 packets6 _ <<<"$(row -6)"
is "both versions are the whole" "$((bytes - bytes6)) $((packets - packets6))" "252 3"
is "class 0 is not counted" "$(vznetstat -c 0 | tail -n 1 | tr -s ' ')" " 701 0 0 0 0 0"
ok "IPv6" vzctl set 701 --ipadd fd77:7a00::701
soon "it answers" 10 ping -c 1 -q -w 5 fd77:7a00::701
vznetstat -r -v 701 >/dev/null
ping -c 2 -i 0.01 -q fd77:7a00::701 >/dev/null
like "two pings, 104 bytes each, and their answers" "$(row -6)" '^ 701 1 (208 2|[0-9]+ ([3-9]|[12][0-9])) 208 2$'
is "are no IPv4" "$(row -4)" " 701 1 0 0 0 0"
ok "-r" vznetstat -r -v 701
is "begins anew" "$(row -4)" " 701 1 0 0 0 0"
is "a stopped one has no traffic" "$(vznetstat -v 702)" "$head"
rc "no such container" 1 vznetstat -v 799
rc "no such class" 1 vznetstat -c 2
like "and which there are" "$TAP_OUT" 'There is no network class 2 in /etc/vz/conf/networks_classes'
rc "both versions" 1 vznetstat -4 -6
ok "an address less" vzctl set 701 --ipdel fd77:7a00::701

# --- configurations ---
is "vzsplit" "$(vzsplit -n 4 | sed -n 's/^PHYSPAGES="0:\(.*\)"/\1/p')" "$(awk '/^MemTotal/ { print int($2 / 16) }' /proc/meminfo)"
says "into a sample" 0 "Config /etc/vz/conf/ve-quarter.conf-sample was created" "" vzsplit -n 4 -f quarter
says "never over one" 1 "" "File /etc/vz/conf/ve-quarter.conf-sample already exist" vzsplit -n 4 -f quarter
ok "create takes it" vzctl create 703 --ostemplate vz-base --config quarter --diskspace 100M
is "asks for the number" "$(echo 4 | vzsplit | head -c 33)" "Enter the number of containers: #"
rc "none given" 1 vzsplit
says "vzcfgvalidate of it" 0 "" "Validation completed: success" vzcfgvalidate /etc/vz/conf/ve-quarter.conf-sample
ok "beancounters too" sh -c 'vzsplit -n 4 -v no >/tmp/ub.conf && vzcfgvalidate /tmp/ub.conf'
printf 'KMEMSIZE="10:5"\n' >/tmp/ub.conf
says "a contradiction" 2 "" "Error: KMEMSIZE barrier 10 is above the limit 5" vzcfgvalidate /tmp/ub.conf
ok "repaired" vzcfgvalidate -r /tmp/ub.conf
is "in the file" "$(cat /tmp/ub.conf)" 'KMEMSIZE="10"'
rc "no such file" 1 vzcfgvalidate /tmp/none.conf
is "vzcfgscale" "$(vzcfgscale -c 2 -u 3 /etc/vz/conf/702.conf | grep -E '^(CPUUNITS|NUMPTY|DISKSPACE)=' | tr '\n' ' ')" \
	'NUMPTY="48" DISKSPACE="2G:2.2G" CPUUNITS="2000" '
rc "vzcfgscale by nothing" 1 vzcfgscale -a 0 /etc/vz/conf/702.conf
rm -f /tmp/ub.conf /etc/vz/conf/ve-quarter.conf-sample

# --- templates ---
like "vztmpl-dl --list-local" "$(vztmpl-dl --list-local)" 'vz-base'
base=$(vztmpl-dl --list-local | head -n 1)
rc "what is here is not fetched" 2 vztmpl-dl "$base"
rc "what is not here cannot be fetched" 1 vztmpl-dl no-such-os
rc "no template" 3 vztmpl-dl
rc "an unknown option" 3 vztmpl-dl --bogus
mkdir /tmp/repo && echo archive >/tmp/repo/new-os.tar.gz
echo 'TEMPLATE_REPOS="file:///tmp/repo"' >/etc/vz/download.conf
ok "from a directory" vztmpl-dl new-os
is "it is in the cache" "$(cat /vz/template/cache/new-os.tar.gz)" archive
rc "once is enough" 2 vztmpl-dl new-os
is "--list-remote" "$(vztmpl-dl --list-remote)" new-os
rc "a signature was wanted" 5 vztmpl-dl --gpg-check new-os
echo 'TEMPLATE_REPOS="http://192.0.2.1/x"' >/etc/vz/download.conf
rc "no host is asked" 4 vztmpl-dl other-os
rm -rf /tmp/repo /etc/vz/download.conf /vz/template/cache/new-os.tar.gz

# --- network ---
rc "arpsend -D finds the other machine" 3 arpsend -D -e 192.0.2.2 -w 20 up0
like "and says where" "$TAP_OUT" '^arpsend: 192.0.2.2 is detected on another computer : [0-9a-f]{2}(:[0-9a-f]{2}){5}$'
rc "nobody has this one" 0 arpsend -D -e 192.0.2.99 -w 1 up0
rc "arpsend without an address" 1 arpsend -D up0
rc "arpsend and no device" 2 arpsend -U -i 192.0.2.1 nodev
outside ip neigh replace 192.0.2.7 lladdr 02:00:00:00:00:07 dev out0 nud stale
knows() { outside ip neigh show "$1" | grep "lladdr $(cat /sys/class/net/up0/address)"; }
ok "arpsend -U" arpsend -U -i 192.0.2.7 up0
soon "changes what others know" 10 knows 192.0.2.7
outside ip neigh replace 2001:db8:ffff::7 lladdr 02:00:00:00:00:07 dev out0 nud stale
ok "ndsend" ndsend 2001:db8:ffff::7 up0
soon "does too" 10 knows 2001:db8:ffff::7
rc "ndsend and an IPv4 address" 1 ndsend 192.0.2.1 up0
ok "vzifup-post" vzifup-post up0
like "answers for the container" "$(ip neigh show proxy)" '10.77.7.1 dev up0'
ip neigh del proxy 10.77.7.1 dev up0
ok "and has nothing to do on loopback" vzifup-post lo
is "no entry" "$(ip neigh show proxy)" ""
ip link add vtool0 type veth peer name vtool1
says "vznetcfg: nonsense" 1 "invalid action" "" vznetcfg dance
ok "vznetcfg sets the link up" env VEID=701 vznetcfg init veth vtool0
like "it is" "$(ip -o link show vtool0)" '[<,]UP[,>]'
printf '#!/bin/sh\necho "$0 $* $VEID"; exit 1\n' >/etc/vz/ext; chmod +x /etc/vz/ext
echo 'EXTERNAL_SCRIPT="/etc/vz/ext"' >/etc/vz/vznet.conf
says "EXTERNAL_SCRIPT does it instead" 1 "/etc/vz/ext init veth vtool0 701" "" env VEID=701 vznetcfg init veth vtool0
rm -f /etc/vz/ext /etc/vz/vznet.conf
if ip link add vmbr0 type bridge 2>/dev/null; then
	says "vznetaddbr" 0 "Adding interface vtool0 to bridge vmbr0 on CT0 for CT701" "" \
		env VEID=701 vznetaddbr init veth vtool0 vmbr0
	like "it is in the bridge" "$(ip -o link show vtool0)" 'master vmbr0'
	ip link del vmbr0
else
	skip "vznetaddbr" "this kernel has no bridges"
fi
rc "no such bridge" 1 env VEID=701 vznetaddbr init veth vtool0 nobr
rc "no VEID" 1 env -u VEID vznetaddbr init veth vtool0 nobr
ip link del vtool0

ok "one manual for all" sh -c 'for t in arpsend vzpid vzquota vzubc vztmpl-dl; do
	grep -qx ".so man8/vztools.8" /usr/share/man/man8/$t.8 || exit 1; done'
gone 701 702 703
