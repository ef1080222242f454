# SPDX-License-Identifier: GPL-2.0-or-later
# vzadm: the API is opened to the network and closed, the certificate is the one that is served, vzd.conf keeps what it says.
. "$TOP/tests/integration/vzd_lib.sh"
vzd_up '# keep me' 'API_RATE="1000"	# and me'
rc "no address" 2 sh -c 'vzadm api enable --listen; exit $?'
rc "not an address" 1 vzadm api enable --listen everywhere
like "not listening" "$(vzadm api status)" 'listening: no'
ok "enable" vzadm api enable --listen 127.0.0.1:8443
like "fingerprint" "$TAP_OUT" 'SHA-256: ([0-9a-f]{2}:){31}[0-9a-f]{2}'
fp=$(sed -n 's/^SHA-256: //p' <<<"$TAP_OUT" | tr -d : )
is "the one of the certificate served" "$(openssl s_client -connect 127.0.0.1:8443 </dev/null 2>/dev/null | openssl x509 -outform der | sha256sum | cut -d' ' -f1)" "$fp"
like "status" "$(vzadm api status)" 'listening: https://127.0.0.1:8443/v1'
like "comments stay" "$(cat /etc/vz/vzd.conf)" '# keep me.*# and me'
ok "disable" vzadm api disable
rc "nothing listens" 1 nc -z 127.0.0.1 8443
like "table" "$(vzadm whoami)" 'principal: +root'
like "health" "$(vzadm health)" 'status: +ok'
like "jobs" "$(vzadm jobs)" 'ID +KIND'
rc "no such job" 1 vzadm job nosuch
rc "usage" 2 vzadm token
vzd_down
ok "enable while down" vzadm api enable --listen '[::1]:8443'
vzd_sweep
