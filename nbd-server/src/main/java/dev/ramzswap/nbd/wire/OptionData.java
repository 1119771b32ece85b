package dev.ramzswap.nbd.wire;

import static dev.ramzswap.nbd.wire.Protocol.*;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Reads the data of one option; whatever is not there, too long or no text is a malformed option. */
public final class OptionData {
    private final ByteBuffer data;

    public OptionData(ByteBuffer data) {
        this.data = data;
    }

    public int unsignedShort() throws OptionException {
        require(data.remaining() >= Short.BYTES);
        return Short.toUnsignedInt(data.getShort());
    }

    public long unsignedInt() throws OptionException {
        require(data.remaining() >= Integer.BYTES);
        return Integer.toUnsignedLong(data.getInt());
    }

    /** A string behind its 32-bit length. */
    public String string() throws OptionException {
        return text(unsignedInt());
    }

    /** All that is left, as a string. */
    public String rest() throws OptionException {
        return text(data.remaining());
    }

    /** There must be nothing more. */
    public void end() throws OptionException {
        require(!data.hasRemaining());
    }

    private String text(long bytes) throws OptionException {
        require(bytes <= data.remaining() && bytes <= MAXIMUM_STRING);
        ByteBuffer text = data.slice(data.position(), (int) bytes);
        data.position(data.position() + (int) bytes);
        try {
            String string = StandardCharsets.UTF_8.newDecoder().decode(text).toString();
            require(string.indexOf('\0') < 0);
            return string;
        } catch (CharacterCodingException e) {
            throw malformed();
        }
    }

    private static void require(boolean wellFormed) throws OptionException {
        if (!wellFormed) {
            throw malformed();
        }
    }

    private static OptionException malformed() {
        return new OptionException(NBD_REP_ERR_INVALID, "malformed option");
    }
}
