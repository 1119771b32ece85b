package dev.ramzswap.daemon;

import java.lang.reflect.Proxy;

/**
 * SIGTERM, SIGINT and SIGHUP without the JVM's own reaction, which is to end the process as soon as all shutdown hooks
 * have run. {@code sun.misc.Signal} is reached by reflection, as javac warns of any mention of it, and cannot be told
 * not to.
 */
public final class Signals {
    private static final String[] TERMINATION = {"TERM", "INT"};
    private static final String HANG_UP = "HUP";
    /** One that means nothing to a process that runs. */
    private static final String HARMLESS = "CONT";

    private static final String CLASS = "sun.misc.Signal";

    private Signals() {}

    /** Makes SIGTERM and SIGINT run the action, on a thread of its own, and do nothing else. */
    public static void onTermination(Runnable action) {
        on(action, TERMINATION);
    }

    /** The same for SIGHUP. */
    public static void onHangUp(Runnable action) {
        on(action, HANG_UP);
    }

    /** Makes each of these signals run the action, on a thread of its own, and do nothing else. */
    private static void on(Runnable action, String... names) {
        try {
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object runner =
                    Proxy.newProxyInstance(Signals.class.getClassLoader(), new Class<?>[] {handler}, (_, method, _) -> {
                        if (method.getName().equals("handle")) {
                            action.run();
                        }
                        return null;
                    });
            for (String name : names) {
                type().getMethod("handle", type(), handler).invoke(null, signal(name), runner);
            }
        } catch (ReflectiveOperationException e) {
            throw missing(e);
        }
    }

    /** Takes the whole way once, so that its classes are loaded when memory is short. */
    static void warmUp(Runnable action) {
        on(action, HARMLESS);
        try {
            type().getMethod("raise", type()).invoke(null, signal(HARMLESS));
        } catch (ReflectiveOperationException e) {
            throw missing(e);
        }
    }

    private static Class<?> type() throws ClassNotFoundException {
        return Class.forName(CLASS);
    }

    private static Object signal(String name) throws ReflectiveOperationException {
        return type().getConstructor(String.class).newInstance(name);
    }

    private static LinkageError missing(ReflectiveOperationException cause) {
        return new LinkageError("this Java has no " + CLASS + " (module jdk.unsupported)", cause);
    }
}
