package dev.ramzswap.attach;

import java.time.Duration;

/**
 * How long the kernel waits for a device's server; whole seconds.
 *
 * @param request for a reply, before it cuts the connection and asks again by another one; above 0. What a daemon that
 *     died had taken is asked again no sooner either.
 * @param reconnect for a new connection, when the last one is gone, before it fails all requests
 */
record Timeouts(Duration request, Duration reconnect) {}
