// The settings are the arguments, `name=value` each; a name with several values comes several times.

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

final class Settings {
    private final Map<String, List<String>> values = new HashMap<>();

    Settings(String[] arguments) {
        for (String argument : arguments) {
            String[] both = argument.split("=", 2);
            values.computeIfAbsent(both[0], name -> new ArrayList<>()).add(both[1]);
        }
        // JSSE looks at these when its classes are loaded, and never again.
        String nothing = "";
        Security.setProperty("jdk.tls.disabledAlgorithms", nothing);
        Security.setProperty("jdk.tls.legacyAlgorithms", nothing);
        Security.setProperty("jdk.certpath.disabledAlgorithms", nothing);
        System.setProperty("jdk.tls.useExtendedMasterSecret", one("extendedMasterSecret"));
        System.setProperty("jdk.tls.client.enableSessionTicketExtension", one("tickets"));
        System.setProperty("jdk.tls.server.enableSessionTicketExtension", one("tickets"));
        // Otherwise the end of the transport passes for a close_notify.
        System.setProperty("com.sun.net.ssl.requireCloseNotify", "true");
        // The first byte in a record of its own with CBC at TLS 1.0 and below (against BEAST).
        System.setProperty("jsse.enableCBCProtection", one("splitRecords"));
        boundLife();
    }

    // Outlive neither the time allowed nor the parent.
    private void boundLife() {
        long life = Long.parseLong(one("life"));
        inBackground(() -> {
            Thread.sleep(life);
            System.err.println("still running after " + life + " ms");
            Runtime.getRuntime().halt(1);
        });
        inBackground(() -> {
            while (System.in.read() >= 0) {}
            Runtime.getRuntime().halt(0);
        });
    }

    private interface Task {
        void run() throws IOException, InterruptedException;
    }

    private static void inBackground(Task task) {
        Thread thread = new Thread(() -> {
            try {
                task.run();
            } catch (IOException | InterruptedException error) {
                throw new IllegalStateException(error);
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    List<String> all(String name) {
        return values.getOrDefault(name, List.of());
    }

    // Null where there is none.
    String one(String name) {
        List<String> all = all(name);
        return all.isEmpty() ? null : all.get(0);
    }

    SSLContext context() throws Exception {
        KeyManager[] keys = {};
        if (one("key") != null) {
            byte[] encoded = HexFormat.of().parseHex(one("key"));
            KeyFactory rsa = KeyFactory.getInstance("RSA");
            PrivateKey key = rsa.generatePrivate(new PKCS8EncodedKeySpec(encoded));
            KeyStore store = emptyStore();
            store.setKeyEntry("own", key, NO_PASSWORD, certificates("certificate"));
            // Unlike the default, it does not choose by the quality of the certificate.
            KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
            factory.init(store, NO_PASSWORD);
            keys = factory.getKeyManagers();
        }
        TrustManager[] trust = {new TrustsEverybody()};
        Certificate[] trusted = certificates("trusted");
        if (trusted.length > 0) {
            KeyStore store = emptyStore();
            for (int i = 0; i < trusted.length; i++) {
                store.setCertificateEntry("trusted " + i, trusted[i]);
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(store);
            trust = factory.getTrustManagers();
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys, trust, null);
        return context;
    }

    private static final char[] NO_PASSWORD = {};

    private static KeyStore emptyStore() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, NO_PASSWORD);
        return store;
    }

    private Certificate[] certificates(String name) throws Exception {
        byte[] pem = String.join("", all(name)).getBytes(StandardCharsets.US_ASCII);
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        var certificates = factory.generateCertificates(new ByteArrayInputStream(pem));
        return certificates.toArray(new Certificate[0]);
    }

    SSLParameters parameters() {
        SSLParameters parameters = new SSLParameters(
            all("suite").toArray(new String[0]),
            all("protocol").toArray(new String[0])
        );
        if (one("serverName") != null) {
            parameters.setServerNames(List.of(new SNIHostName(one("serverName"))));
        }
        // One takes back the other.
        switch (one("clientCertificate")) {
            case "requested" -> parameters.setWantClientAuth(true);
            case "required" -> parameters.setNeedClientAuth(true);
            default -> {}
        }
        return parameters;
    }

    private static final class TrustsEverybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String how) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String how) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
