package dev.ramzswap.config;

import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.LastingException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;

/** What has failed, for people. */
public final class Cause {
    private Cause() {}

    /** In one line; the messages of file systems' exceptions are often a bare path. */
    public static String of(IOException e) {
        String text = withoutCure(e);
        return isOfSystem(e) ? text + cure(e, text) : text;
    }

    /** Whether it stays so until somebody changes what was asked for, or what is in the way of that. */
    public static boolean isLasting(IOException e) {
        return LastingException.isCauseOf(e);
    }

    /** The same without a cure, for who knows a better one. */
    public static String withoutCure(IOException e) {
        return switch (e) {
            case AccessDeniedException denied -> denied.getFile() + ": permission denied";
            case NoSuchFileException missing -> missing.getFile() + ": no such file or directory";
            case FileSystemException file
            when file.getFile() != null ->
                file.getFile() + ": " + (file.getReason() == null ? ofClass(file) : file.getReason());
            default -> e.getMessage() == null ? e.toString() : e.getMessage();
        };
    }

    /** Whoever throws another kind says himself what to do. */
    private static boolean isOfSystem(IOException e) {
        return e instanceof FileSystemException || e instanceof ErrnoException;
    }

    private static String cure(IOException e, String text) {
        if (e instanceof AccessDeniedException) {
            return ": use a path of your own, or sudo";
        }
        if (text.contains("No space left on device") || text.contains("Disk quota exceeded")) {
            return ": make room there";
        }
        return text.contains("Read-only file system") ? ": make it writable, or use another path" : "";
    }

    /** "FileAlreadyExistsException" says it. */
    private static String ofClass(FileSystemException e) {
        String words = e.getClass().getSimpleName().replace("Exception", "").replaceAll("(?<=[a-z])(?=[A-Z])", " ");
        return words.toLowerCase(Locale.ROOT);
    }
}
