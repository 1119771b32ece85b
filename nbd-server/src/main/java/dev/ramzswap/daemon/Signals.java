package dev.ramzswap.daemon;

import java.lang.reflect.Proxy;

/**
 * SIGTERM, SIGINT and SIGHUP without the JVM's own reaction, which is to end the process as soon as all shutdown hooks
 * have run. {@code sun.misc.Signal} is reached by reflection, as javac warns of any mention of it, and cannot be told
 * not to.
 */
final class Signals {
    private static final String[] NAMES = {"TERM", "INT", "HUP"};

    private Signals() {}

    /** Makes each of these signals run the action, on a thread of its own, and do nothing else. */
    static void onTermination(Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object runner =
                    Proxy.newProxyInstance(Signals.class.getClassLoader(), new Class<?>[] {handler}, (_, method, _) -> {
                        if (method.getName().equals("handle")) {
                            action.run();
                        }
                        return null;
                    });
            for (String name : NAMES) {
                Object one = signal.getConstructor(String.class).newInstance(name);
                signal.getMethod("handle", signal, handler).invoke(null, one, runner);
            }
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("this Java has no sun.misc.Signal (module jdk.unsupported)", e);
        }
    }
}
