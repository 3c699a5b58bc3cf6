# Goldcrest in a container. An ffmpeg that holds only what jobs use; the Python environment and the code with their
# compiled modules; and the image itself, in which nothing builds and nothing runs as root.

# The distribution's ffmpeg pulls in hundreds of megabytes of libraries and takes three times the memory for a merge. The
# same source with only the formats that sites serve needs 7 MB. It has no network: ffmpeg never fetches anything itself.
FROM debian:bookworm-slim AS ffmpeg
RUN sed -i 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/debian.sources \
    && apt-get update -q \
    && apt-get install -y -q --no-install-recommends build-essential dpkg-dev nasm pkg-config \
        libdav1d-dev libmp3lame-dev libopus-dev zlib1g-dev
WORKDIR /build
RUN apt-get source -q ffmpeg && mv ffmpeg-*/ ffmpeg
WORKDIR /build/ffmpeg
RUN ./configure --disable-everything --disable-autodetect --disable-doc --disable-debug --disable-network \
        --disable-ffplay --disable-ffprobe --disable-avdevice --disable-postproc --enable-small --enable-gpl \
        --enable-zlib --enable-libdav1d --enable-libmp3lame --enable-libopus \
        --enable-protocol=file,pipe,crypto,data \
        --enable-demuxer=mov,matroska,mpegts,mpegps,mpegvideo,flv,avi,asf,ogg,mp3,aac,ac3,eac3,wav,aiff,caf,flac,amr \
        --enable-demuxer=h264,hevc,m4v,ivf,obu,gif,apng,image2,mjpeg,image_jpeg_pipe,image_png_pipe,image_webp_pipe \
        --enable-demuxer=image_gif_pipe,image_bmp_pipe,webvtt,srt,ass,ffmetadata \
        --enable-muxer=mp4,mov,ipod,tgp,matroska,matroska_audio,webm,mpegts,ogg,opus,mp3,adts,wav,flac,image2,mjpeg,gif \
        --enable-muxer=ffmetadata,srt,webvtt,null \
        --enable-decoder=h264,hevc,vp8,vp9,libdav1d,mpeg1video,mpeg2video,mpeg4,h263,flv,mjpeg,png,webp,gif,bmp \
        --enable-decoder=aac,mp3,opus,vorbis,flac,alac,ac3,eac3,amrnb,wmav2,pcm_s16le,pcm_s16be,pcm_s24le,pcm_u8 \
        --enable-decoder=webvtt,subrip,mov_text \
        --enable-encoder=aac,libmp3lame,libopus,flac,mjpeg,png,gif,pcm_s16le,mov_text,subrip,webvtt,wrapped_avframe \
        --enable-parser=h264,hevc,vp8,vp9,av1,mpeg4video,mpegvideo,aac,aac_latm,mpegaudio,ac3,opus,vorbis,flac,mjpeg,png,webp \
        --enable-bsf=aac_adtstoasc,h264_mp4toannexb,hevc_mp4toannexb,extract_extradata,vp9_superframe,vp9_superframe_split \
        --enable-bsf=av1_frame_merge,av1_metadata,mov2textsub,text2movsub,setts,null \
        --enable-filter=scale,setsar,crop,setpts,format,null,aresample,aformat,anull,trim,atrim \
    && make -s -j"$(nproc)" ffmpeg \
    && strip ffmpeg

# The environment has no pip of its own; the installer stays behind in this stage.
FROM debian:bookworm-slim AS environment
RUN apt-get update -q \
    && apt-get install -y -q --no-install-recommends ca-certificates python3 python3-pip python3-venv
COPY requirements.txt requirements-cli.txt /build/
RUN python3 -m venv --without-pip /opt/goldcrest/.venv \
    && python3 -m pip --python /opt/goldcrest/.venv/bin/python install -q --no-cache-dir --no-compile --require-hashes \
        -r /build/requirements.txt -r /build/requirements-cli.txt \
    && /opt/goldcrest/.venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/goldcrest

# Without compiled modules a start costs four times the processor time, and the user below may not write them. They carry
# no timestamps, so that copying between stages can't make them stale.
FROM environment AS code
COPY . /opt/goldcrest/
RUN /opt/goldcrest/.venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash -x '/\.venv/' /opt/goldcrest \
    && cd /opt/goldcrest && .venv/bin/python -c 'from utils.config import DEFAULTS, load_settings; from utils.parsed_yaml import read_yaml; load_settings({}); read_yaml(DEFAULTS.with_name("alerts.yaml"))'

FROM debian:bookworm-slim
RUN apt-get update -q \
    && apt-get install -y -q --no-install-recommends ca-certificates libdav1d6 libmp3lame0 libopus0 python3 tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log \
    && useradd --system --uid 10001 --home-dir /var/lib/goldcrest --create-home --shell /usr/sbin/nologin goldcrest \
    && chmod 0700 /var/lib/goldcrest
COPY --from=ffmpeg /build/ffmpeg/ffmpeg /usr/local/bin/ffmpeg
COPY --from=code /opt/goldcrest /opt/goldcrest
ENV PATH=/opt/goldcrest/.venv/bin:/usr/local/bin:/usr/bin:/bin \
    DATA_DIR=/var/lib/goldcrest \
    PORT=8080 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /opt/goldcrest
USER goldcrest
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s \
    CMD ["python", "-S", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=5)"]
# tini takes in the orphans of workers that were killed; as process 1 the bot would have to.
ENTRYPOINT ["tini", "--", "python", "main.py"]
CMD ["serve"]
