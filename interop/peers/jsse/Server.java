// Prints `listening PORT`; sends back what comes in (or `reply` for it), and with `renegotiates` asks
// for a renegotiation after the first piece; prints one line of JSON for each connection, when it is
// over, and only then takes the next.

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

final class Server {
    public static void main(String[] arguments) throws Exception {
        Settings settings = new Settings(arguments);
        InetAddress address = InetAddress.getByName("127.0.0.1");
        var listener = (SSLServerSocket) settings.context()
            .getServerSocketFactory()
            .createServerSocket(0, 0, address);
        listener.setSSLParameters(settings.parameters());
        System.out.println("listening " + listener.getLocalPort());
        while (true) {
            serve((SSLSocket) listener.accept(), settings);
        }
    }

    private static void serve(SSLSocket socket, Settings settings) {
        Report report = new Report();
        try (socket) {
            report.handshake(socket);
            boolean renegotiates = Boolean.parseBoolean(settings.one("renegotiates"));
            String reply = settings.one("reply");
            byte[] piece = new byte[16384];
            int length;
            while ((length = socket.getInputStream().read(piece)) >= 0) {
                report.received(piece, length);
                if (reply != null) {
                    socket.getOutputStream().write(reply.getBytes(StandardCharsets.UTF_8));
                } else {
                    socket.getOutputStream().write(piece, 0, length);
                }
                if (renegotiates) {
                    socket.getSession().invalidate();
                    socket.startHandshake();
                    renegotiates = false;
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
