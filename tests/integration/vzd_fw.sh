# SPDX-License-Identifier: GPL-2.0-or-later
# The firewall over vzd's API: a container's rules in its configuration, groups, zones, the host's own lists.
. "$TOP/tests/integration/vzd_lib.sh"

# conf MEMBER: of 101's configuration, as the API has it
conf() {
	api GET /v1/cts/101 | jq -c ".config.$1"
}

vzd_up
new 101 --ipadd 10.77.9.6
is "a group" "$(api POST /v1/firewall/groups '{"name":"web","description":"for web servers"}' | op_state)" done
is "its rules" "$(api PUT /v1/firewall/groups/web '{"rules":["http,https","tcp 8000-8010 from 10.0.0.0/8"]}' | op_state)" done
is "are those" "$(api GET /v1/firewall/groups/web | jq -c .)" \
	'{"name":"web","description":"for web servers","rules":["in accept http,https","in accept tcp 8000-8010 from 10.0.0.0/8"]}'
is "and in the list" "$(api GET /v1/firewall/groups | jq -c '[.items[].name]')" '["web"]'
is "and vzfw's" "$(vzfw group show web | head -n 1)" "in accept http,https"
like "a wrong rule is refused at once" "$(api PUT /v1/firewall/groups/web '{"rules":["in accept telepathy"]}')" 'telepathy.*is no service'
like "so is a name that is none" "$(api POST /v1/firewall/groups '{"name":"../x"}')" 'cannot be the name of a group'
like "and a group that is not there" "$(api PUT /v1/firewall/groups/nothere '{"rules":["ssh"]}')" 'no firewall group of this name'

vzctl start 101 >/dev/null
body='{"config":{"fw_rules":["in accept ssh","in accept tcp 80,443 from 10.0.0.0/8"],"fw_in":"drop","fw_groups":["web"],"port_forward":["tcp 8080 to 80","udp 5000-5010"]}}'
is "a change" "$(api PATCH /v1/cts/101 "$body" | op_state)" done
soon "a container's rules, live" 10 sh -c 'vzfw show 101 | grep -q "^rule *in accept http,https"'
becomes "one value each" '["in accept ssh","in accept tcp 80,443 from 10.0.0.0/8"]' conf fw_rules
becomes "forwards, too" '["tcp 8080 to 80","udp 5000-5010"]' conf port_forward
is "and groups and the policy" "$(conf fw_groups)$(conf fw_in)" '["web"]"drop"'
api PATCH /v1/cts/101 '{"config":{"fw_rules":["in accept http"],"port_forward":[]}}' | op_state >/dev/null
soon "a list replaces the other" 10 grep -q '^FW_RULES="in accept http"$' /etc/vz/conf/101.conf
is "an empty one takes it away" "$(grep -c 'tcp 8080' /etc/vz/conf/101.conf)" 0
# --- in effect ---
effect() { api GET /v1/cts/101/firewall | jq -c "$1"; }
becomes "in effect: its own rules, its group's, whose they are" \
	'[["in accept http",null],["in accept http,https","web"],["in accept tcp 8000-8010 from 10.0.0.0/8","web"]]' effect '[.rules[] | [.rule, .group]]'
is "policies, groups, interfaces" "$(effect '[.in_effect, .policy_in, .policy_out, .groups, .routed, .zone]')" '[true,"drop","accept",["web"],["vz101"],null]'
ok "one that counts" vzctl set 101 --fw_add 'in accept ping count' --forward_add 'tcp 8080 to 80' --fw_zone blue
ping -c 1 -w 20 10.77.9.6 >/dev/null
is "has counted" "$(effect '.rules[] | select(.rule == "in accept ping count") | [.packets > 0, .bytes >= 84]')" '[true,true]'
is "others do not" "$(effect '.rules[] | select(.rule == "in accept http") | [.packets, .bytes]')" '[null,null]'
becomes "forwards and zone" '[["tcp 8080 to 10.77.9.6:80"],"blue"]' effect '[.forwards, .zone]'
like "the same for people" "$(vzfw show 101)" 'rule    in accept ping count: [1-9][0-9]* packets, [1-9][0-9]* bytes'
is "a group in use stays" "$(api DELETE /v1/firewall/groups/web | op_state)" failed

is "zones" "$(api PUT /v1/firewall/zones/red/blue | op_state)" done
is "are listed" "$(api GET /v1/firewall/zones | jq -c .items)" '[{"zone":"red","other":"blue"}]'
is "and parted" "$(api DELETE /v1/firewall/zones/blue/red | op_state)$(api GET /v1/firewall/zones | jq -c .items)" 'done[]'

is "the host's rules" "$(api PUT /v1/firewall/host/ct/rules '{"rules":["tcp 7022","ping"]}' | op_state)" done
is "and policy" "$(api PUT /v1/firewall/host/ct/policy '{"policy":"drop,log"}' | op_state)" done
is "are those" "$(api GET /v1/firewall/host/ct | jq -c .)" '{"from":"ct","policy":"drop,log","rules":["in accept tcp 7022","in accept ping"]}'
is "who would lock himself out" "$(api PUT /v1/firewall/host/net/policy '{"policy":"drop"}' | op_state)" failed
is "is told why" "$(api GET /v1/firewall/host/net | jq -c .policy)" '"accept"'
is "none again" "$(api PUT /v1/firewall/host/ct/rules '{"rules":[]}' | op_state)$(vzfw host show | grep -c 7022)" done0
is "all of it" "$(api PUT /v1/firewall/host/ct/policy '{"policy":"accept"}' | op_state)" done

api POST /v1/tenants '{"name":"acme"}' >/dev/null
token=$(vzadm token add --role tenant-admin --tenant acme | grep -o -m1 'vz1_[A-Za-z0-9_-]*' | head -n 1)
echo "$token" >/tmp/token; chmod 600 /tmp/token
like "a tenant has no business here" "$(vzadm --token-file /tmp/token call GET /v1/firewall/groups 2>&1)" 'node:read|scope|may not|forbidden'
like "nor with a container that is not its own" "$(vzadm --token-file /tmp/token call GET /v1/cts/101/firewall 2>&1)" 'not-found|no such'
vzctl set 101 --owner acme --save >/dev/null
tenant_sees() { vzadm --token-file /tmp/token call GET /v1/cts/101/firewall 2>&1 | jq -e '.policy_in == "drop" and .host_policy == "accept"' >/dev/null; }
soon "with its own it has" 10 tenant_sees
vzctl stop 101 --fast >/dev/null
new 102 --ipadd 10.77.9.7 --name fwshop
vzctl set 101 --forward_add 'tcp 8080 to 80' --save >/dev/null
soon "a forward of what is down" 20 sh -c "vzadm call GET /v1/cts/101 | jq -e '.config.port_forward == [\"tcp 8080 to 80\"]' >/dev/null"
like "a port that a container which is down has: at once, and whose it is" \
	"$(api PATCH /v1/cts/102 '{"config":{"port_forward":["tcp 8080 to 80"]}}')" \
	"forward 'tcp 8080 to 10.77.9.7:80': that port of the host leads into container 101 already: take another one.*\"ctid\":101"
is "another one" "$(api PATCH /v1/cts/102 '{"config":{"port_forward":["tcp 8090-8099 to 80"]}}' | op_state)" done
like "by its name, and in part" "$(api PATCH /v1/cts/101 '{"config":{"port_forward":["tcp 8080 to 80","tcp 8095"]}}')" \
	'leads into container 102 \(fwshop\) already'
gone 102
becomes "one that is down has nothing in effect" '[false,[]]' effect '[.in_effect, .rules]'
gone 101
is "the group goes" "$(api DELETE /v1/firewall/groups/web | op_state)" done
rm -f /etc/vz/firewall/host
vzfw reload >/dev/null
vzd_down
vzd_sweep
rm -rf /etc/vz/firewall
