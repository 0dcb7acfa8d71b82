// What is known of a connection when it is over: a line of JSON.

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.lang.reflect.Method;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import javax.crypto.SecretKey;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;

final class Report {
    private final Map<String, String> fields = new LinkedHashMap<>();
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();

    private long begin;

    void handshake(SSLSocket socket) throws IOException, ReflectiveOperationException {
        // A session that is older than the connection was resumed. Nothing else tells.
        pause();
        begin = System.currentTimeMillis();
        socket.startHandshake();
        flag("close_notify", false);
        session(socket);
    }

    // As it is now: it may have been renegotiated.
    void session(SSLSocket socket) throws ReflectiveOperationException {
        SSLSession session = socket.getSession();
        text("protocol", session.getProtocol());
        text("suite", session.getCipherSuite());
        flag("resumed", session.getCreationTime() < begin);
        text("master_secret", HexFormat.of().formatHex(masterSecret(session)));
        try {
            X509Certificate certificate = (X509Certificate) session.getPeerCertificates()[0];
            text("peer_subject", certificate.getSubjectX500Principal().getName());
        } catch (SSLPeerUnverifiedException none) {
            // It did not show one.
        }
        var names = ((ExtendedSSLSession) session).getRequestedServerNames();
        if (!names.isEmpty()) text("server_name", new String(names.get(0).getEncoded()));
    }

    // Until the clock, which counts milliseconds, shows another time.
    private static void pause() {
        try {
            Thread.sleep(2);
        } catch (InterruptedException nobodyDoes) {
            Thread.currentThread().interrupt();
        }
    }

    // The class has it for JSSE's own use only.
    private static byte[] masterSecret(SSLSession session) throws ReflectiveOperationException {
        Method method = session.getClass().getDeclaredMethod("getMasterSecret");
        method.setAccessible(true);
        return ((SecretKey) method.invoke(session)).getEncoded();
    }

    void received(byte[] piece, int length) {
        received.write(piece, 0, length);
    }

    int receivedLength() {
        return received.size();
    }

    void closeNotify() {
        flag("close_notify", true);
    }

    void failure(Exception error) {
        boolean established = fields.containsKey("protocol");
        boolean endOfTransport = error.getCause() instanceof EOFException;
        if (error instanceof SSLException && established && endOfTransport) return;
        text("error", error.toString());
    }

    void print() {
        text("received", HexFormat.of().formatHex(received.toByteArray()));
        System.out.println(fields.entrySet().stream()
            .map(field -> quoted(field.getKey()) + ":" + field.getValue())
            .collect(Collectors.joining(",", "{", "}")));
    }

    private void text(String name, String value) {
        fields.put(name, quoted(value));
    }

    private void flag(String name, boolean value) {
        fields.put(name, String.valueOf(value));
    }

    private static String quoted(String text) {
        return text.chars()
            .mapToObj(c -> c < ' ' || c > '~' || c == '"' || c == '\\'
                ? String.format("\\u%04x", c)
                : String.valueOf((char) c))
            .collect(Collectors.joining("", "\"", "\""));
    }
}
