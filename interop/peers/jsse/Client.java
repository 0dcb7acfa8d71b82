// Connects to `port`, sends `text`, waits for as much to come back (with `renegotiates`, begins a
// renegotiation then and does the same once more), closes; `connections` times, each but the first
// with the session of the one before. Prints one line of JSON for each.

import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

final class Client {
    public static void main(String[] arguments) throws Exception {
        Settings settings = new Settings(arguments);
        // It remembers the sessions, by address and port.
        SSLContext context = settings.context();
        int port = Integer.parseInt(settings.one("port"));
        int connections = Integer.parseInt(settings.one("connections"));
        byte[] text = settings.one("text").getBytes(StandardCharsets.UTF_8);
        boolean renegotiates = Boolean.parseBoolean(settings.one("renegotiates"));
        for (int i = 0; i < connections; i++) {
            Report report = new Report();
            var socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port);
            try (socket) {
                socket.setSSLParameters(settings.parameters());
                report.handshake(socket);
                socket.getOutputStream().write(text);
                byte[] piece = new byte[16384];
                int length;
                boolean open = true;
                int texts = 1;
                while ((length = socket.getInputStream().read(piece)) >= 0) {
                    report.received(piece, length);
                    if (report.receivedLength() < texts * text.length) continue;
                    if (renegotiates && texts == 1) {
                        // A new handshake would resume it.
                        socket.getSession().invalidate();
                        socket.startHandshake();
                        socket.getOutputStream().write(text);
                        texts = 2;
                    } else if (open) {
                        // Unlike `close`, leaves the connection able to receive the peer's.
                        socket.shutdownOutput();
                        open = false;
                    }
                }
                report.session(socket);
                report.closeNotify();
            } catch (Exception error) {
                report.failure(error);
            }
            report.print();
        }
    }
}
