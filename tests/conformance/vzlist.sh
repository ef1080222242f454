# SPDX-License-Identifier: GPL-2.0-or-later
# vzlist as text: columns, widths, filters, sorting, errors.
. "$TOP/tests/conformance/case.sh"

given none 101
given none 102
given none 103
given running 101 HOSTNAME=a.example IP_ADDRESS=10.77.1.1 NAME=one "DESCRIPTION=first of all" ONBOOT=yes BOOTORDER=5 CPUUNITS=500
given stopped 102 HOSTNAME=b.example "IP_ADDRESS=10.77.1.2/24 10.77.1.3" DESCRIPTION=second BOOTORDER=7
given stopped 103
ln -sf /etc/vz/conf/101.conf /etc/vz/names/one
until is_settled 101; do sleep 0.1; done
NPROC=$(vzlist -H -o numproc 101 | tr -d ' ')
N=$(printf %10s "$NPROC")

it "the default: what runs"
run vzlist
out "      CTID      NPROC STATUS    IP_ADDR         HOSTNAME
       101 $N running   10.77.1.1       a.example"

it "-a: all"
run vzlist -a
out "      CTID      NPROC STATUS    IP_ADDR         HOSTNAME
       101 $N running   10.77.1.1       a.example
       102          - stopped   10.77.1.2/24    b.example
       103          - stopped   -               -"

it "--all"
run vzlist --all -H -o ctid
out "       101
       102
       103"

it "-S: what does not run"
run vzlist -S -H -o ctid
out "       102
       103"

it "-H: no header"
run vzlist -H
out "       101 $N running   10.77.1.1       a.example"

it "-1: numbers"
run vzlist -1
out "       101"

it "-a1"
run vzlist -a1
out "       101
       102
       103"

it "-a1 with a later -o"
run vzlist -a1 -o status 102
out stopped

it "an operand is shown whatever its state"
run vzlist -H -o ctid,status 102
out "       102 stopped"

it "several operands, in order of number"
run vzlist -H -o ctid 103 101
out "       101
       103"

it "a name as operand"
run vzlist -H -o ctid one
out "       101"

it "options behind the operand"
run vzlist 102 -o status -H
out stopped

it "-ostatus in one word"
run vzlist 101 -ostatus -H
out running

it "libvirt's line"
run vzlist -a -ovpsid,status -H
out "       101 running
       102 stopped
       103 stopped"

it "ctid, veid and vpsid are the same"
run vzlist -H -o ctid,veid,vpsid 101
out "       101        101        101"

it "-n"
run vzlist -a -n
out " SMARTNAME      NPROC STATUS    IP_ADDR         HOSTNAME
       one $N running   10.77.1.1       a.example
       102          - stopped   10.77.1.2/24    b.example
       103          - stopped   -               -"

it "name and smart_name"
run vzlist -a -H -o smart_name,name
out "       one one
       102 -
       103 -"

it "addresses in the last column: all"
run vzlist -a -H -o ctid,ip 102
out "       102 10.77.1.2/24 10.77.1.3"

it "addresses before it: the first"
run vzlist -a -H -o ip,ctid 102
out "10.77.1.2/24           102"

it "a long hostname is cut"
given stopped 103 HOSTNAME=a-very-long-hostname-indeed.of-a-department.example
run vzlist -H -o hostname,ctid 103
out "a-very-long-hostname-indeed.of-a        103"

it "-t does not cut"
run vzlist -t -H -o hostname,ctid 103
out "a-very-long-hostname-indeed.of-a-department.example        103"

it "nor does the last column"
run vzlist -H -o ctid,hostname 103
out "       103 a-very-long-hostname-indeed.of-a-department.example"

it "-s: ascending"
run vzlist -a -H -o ctid,bootorder -s bootorder 101 102
out "       101          5
       102          7"

it "-s-: descending, in one word"
run vzlist -aH -octid -s-bootorder 101 102
out "       102
       101"

it "-s of numbers is by value"
run vzlist -a -H -o ctid -s -ctid
out "       103
       102
       101"

it "-h: hostnames by pattern"
run vzlist -a -H -o ctid -h '[ab].example'
out "       101
       102"

it "-h is about the whole"
run vzlist -a -H -o ctid -h 'example'
err "Container(s) not found"

it "-N: names by pattern"
run vzlist -a -H -o ctid -N 'o*'
out "       101"

it "-d: descriptions by pattern"
run vzlist -a -H -o ctid -d 'first*'
out "       101"

it "--description, nova's way"
run vzlist --all --description '*of all*' --no-header -o ctid
out "       101"

it "description"
run vzlist -H -o description 101
out "first of all"

it "onboot"
run vzlist -a -H -o onboot,bootorder 101 102
out "   yes          5
    no          7"

it "onboot unset"
given stopped 103
run sh -c 'sed -i /^ONBOOT/d /etc/vz/conf/103.conf; vzlist -H -o onboot 103'
out "     -"

it "a header of fields"
run vzlist -o ctid,onboot,bootorder,cpuunits,cpulimit,cpus,ioprio,iolimit,iopslimit 101
out "      CTID ONBOOT  BOOTORDER  CPUUNI  CPULIM  CPUS IOP    IOLIMIT IOPS
       101    yes          5     500       0     -   -          -    -"

it "private and root"
run vzlist -H -o private,root 101
out "/vz/private/101                  /vz/root/101"

it "layout and template"
run vzlist -o layout,ostemplate,origin_sample 101
out_like $'^LAYOUT OSTEMPLATE                       +ORIGIN_SAMPLE\n[a-z]+ +vz-base +vztest$'

it "a counter of a stopped container"
run vzlist -o numproc,numproc.m,numproc.b,numproc.l,numproc.f 102
out "     NPROC    NPROC.M    NPROC.B    NPROC.L    NPROC.F
         -          -        200        200          -"

it "memory limits in pages"
run vzlist -o physpages.b,physpages.l,swappages.l 102
out "   PHYSP.B    PHYSP.L    SWAPP.L
         0      65536          0"

it "a counter that is not set"
run vzlist -H -o numfile.b,numfile.l 102
out "         0          0"

it "unlimited is a large number"
given stopped 103 NUMFILE=unlimited
run vzlist -H -o numfile.l 103
out 9223372036854775807

it "headers of all counters"
run sh -c 'vzlist -o kmemsize,lockedpages,privvmpages,shmpages,numproc,physpages,vmguarpages,oomguarpages,numtcpsock,numflock,numpty,numsiginfo,tcpsndbuf,tcprcvbuf,othersockbuf,dgramrcvbuf,numothersock,dcachesize,numfile,numiptent,swappages 101 | head -n 1'
out "  KMEMSIZE    LOCKEDP    PRIVVMP       SHMP      NPROC      PHYSP    VMGUARP   OOMGUARP   NTCPSOCK     NFLOCK       NPTY   NSIGINFO    TCPSNDB    TCPRCVB   OTHSOCKB    DGRAMRB   NOTHSOCK   DCACHESZ      NFILE    NIPTENT      SWAPP"

it "disk"
run sh -c 'vzctl --quiet set 102 --diskspace 1G:1100M --save; vzlist -o diskspace.s,diskspace.h 102'
out "  DSPACE.S   DSPACE.H
   1048576    1126400"

it "a frozen container is running in the list as well"
given running 103
run sh -c 'vzctl --quiet chkpnt 103 --suspend; vzlist -H -o ctid,status 103; vzctl --quiet chkpnt 103 --resume'
out "       103 running"

it "mounted"
given mounted 103
run vzlist -H -o status 103
out mounted

it "suspended"
given stopped 103
run sh -c ': >/vz/dump/Dump.103; vzlist -H -o status 103; rm /vz/dump/Dump.103'
out suspended

it "uptime"
run vzlist -H -o uptime 101
out_like '^000d00h:0[0-9]m:[0-9]{2}s$'

it "uptime and load"
deviates "stock kernels count no load by container"
run vzlist -H -o uptime,laverage 101
out_like '^000d00h:0[0-9]m:[0-9]{2}s +[0-9]+\.[0-9]{2}/[0-9]+\.[0-9]{2}/[0-9]+\.[0-9]{2}$'

it "uptime and load of a stopped container"
run vzlist -H -o ctid,uptime,laverage 102
out "       102               -              -"

it "vswap, disabled"
run vzlist -o vswap,disabled 101
out "VSWAP DISABL
  yes     no"

it "features"
given stopped 103 FEATURES=nfs:on
run vzlist -H -o features 103
out "nfs:on"

it "-L: two words a line"
run sh -c 'vzlist -L | awk "NF != 2" | wc -l; vzlist -L | grep -c "^ctid            *CTID *$"'
out "0
1"

it "--list has numproc's header"
run sh -c 'vzlist --list | grep "^numproc " | awk "{ print \$2 }"'
out NPROC

it "nothing runs"
given stopped 101
run vzlist
err "Container(s) not found"

it "a container that does not exist"
run vzlist 777
err "Container(s) not found"
rc 1

it "a name that does not exist"
run vzlist nobody
err "CT ID nobody is invalid."
rc 1

it "tech-angels' question: is it there?"
run vzlist -a 102
out_like '102'

it "an unknown field"
run vzlist -a -o ctid,fly
err "Unknown field: fly"
rc 1

it "an unknown field to sort by"
run vzlist -a -s fly
err_like 'fly'
rc 1

it "an unknown option"
run vzlist --junk
out_any
err_any
rc 1

it "--help"
run vzlist --help
out_like '[Uu]sage'
err_any
rc 1

it "a container whose private area is gone is not listed"
run sh -c 'mv /vz/private/103 /vz/private/103.away; vzlist -a1; mv /vz/private/103.away /vz/private/103'
out "       101
       102"

it "a pattern that matches nothing is no error"
run vzlist -a -h 'none.*'
err "Container(s) not found"
case_end
rm -f /etc/vz/names/one
