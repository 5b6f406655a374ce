# A cache of host names for containers. Sourced by dev/engine.
# shellcheck shell=bash disable=SC2154
#
# A test suite asks for the same few names a thousand times, and many at once. Resolvers that are asked like that leave
# questions unanswered; an installer that waits five seconds for each gives up, and a test fails that has no fault.

resolver_pid=$run/resolver.pid

# It listens on our bridge only, and is ready when it returns. The bridge has no IPv6, so nobody needs such an address.
# It asks again by itself, since who asked it may have given up when the question is lost on its way for a second time.
# An answer is good for an hour at least, and an old one is better than none: the hosts are registries of packages.
start_resolver() {
  quietly resolver with_tools dnsmasq --conf-file=/dev/null --pid-file="$resolver_pid" --user=root \
    --listen-address="$(cat "$home/subnet").1" --bind-interfaces --no-hosts --filter-AAAA \
    --cache-size=10000 --min-cache-ttl=3600 --use-stale-cache --fast-dns-retry=500,10000
}

resolver_runs() { grep -q -s -a -F "$resolver_pid" "/proc/$(cat "$resolver_pid" 2>/dev/null)/cmdline"; }

stop_resolver() { ! resolver_runs || kill "$(cat "$resolver_pid")"; }
