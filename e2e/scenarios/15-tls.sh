# nbd-client's own TLS, with certificates of both sides: what is written to the device is read back from it, and who has no
# certificate gets no device. Nothing is swapped: swap by TLS is refused, since the client's process is on the way.
memory=400
seconds=120
least_swapped=-1

scenario() {
    make_certificates /run/tls
    serve_by_tls
    attach_by_tls -certfile /run/tls/client.pem -keyfile /run/tls/key.pem || die 'nbd-client by TLS'
    head -c 32M /dev/urandom >/run/content
    dd if=/run/content of=/dev/nbd0 bs=1M oflag=direct status=none || fail 'write'
    dd if=/dev/nbd0 bs=1M count=32 iflag=direct status=none | cmp - /run/content || fail 'what was written is not read'
    read_counters
    check 'bytes stored' "$(counter orig_data_size)" -ge $((32 << 20))
    rm /run/status.json # what was stored was not swapped
    nbd-client -d /dev/nbd0 >/dev/null || fail 'nbd-client -d'
    attach_by_tls 2>/run/refused && fail 'a client without a certificate was served'
    grep -q 'certificate' /run/serve.err || fail 'the daemon does not say why it refused'
    : >/run/hog.log
    : >/run/stress.log
}

# An authority, and a certificate by it for the server and for the client, of one key.
make_certificates() { # DIRECTORY
    mkdir "$1"
    (
        cd "$1" || exit
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=authority -keyout ca-key.pem -out ca.pem
        openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 -out key.pem
        sign server 'subjectAltName=DNS:localhost,IP:127.0.0.1'
        sign client 'extendedKeyUsage=clientAuth'
    ) >"$1/log" 2>&1 || die "openssl: $(tail -3 "$1/log")"
}

sign() { # NAME EXTENSIONS
    echo "$2" >"$1.extensions"
    openssl req -new -key key.pem -subj "/CN=$1" -out "$1.csr"
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -extfile "$1.extensions" -out "$1.pem"
}

serve_by_tls() {
    "$launcher" serve --name disk0 --size 64M --listen 127.0.0.1:10809 \
        --tls-cert /run/tls/server.pem --tls-key /run/tls/key.pem --tls-ca /run/tls/ca.pem >/run/serve.out 2>/run/serve.err &
    daemon=$!
    await 60 daemon_is_ready || die 'the daemon does not get ready'
}

attach_by_tls() { # NBD-CLIENT-OPTION...
    nbd-client 127.0.0.1 /dev/nbd0 -N disk0 -b 4096 -cacertfile /run/tls/ca.pem -tlshostname localhost "$@"
}
