package dev.ramzswap.cli;

import dev.ramzswap.config.ExportName;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Refuses what cannot be the name of an export: a path would lead out of the runtime directory. */
final class NameConverter implements ITypeConverter<String> {
    @Override
    public String convert(String text) {
        try {
            return ExportName.parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}
