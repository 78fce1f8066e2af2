import threading
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server
from playwright.sync_api import sync_playwright
from tests.expert_pool.selection.hall import make_panel_hall
from tests.helpers import PASSWORD
OUT=Path("/tmp/panelpages"); OUT.mkdir(exist_ok=True)
class Quiet(WSGIRequestHandler):
    def log_message(self,*a): pass
def test_look(config,tmp_path,monkeypatch):
    hall=make_panel_hall(config,tmp_path,monkeypatch,experts=24)
    srv=make_server("127.0.0.1",0,hall.app.app,handler_class=Quiet); url=f"http://127.0.0.1:{srv.server_port}"
    threading.Thread(target=srv.serve_forever,daemon=True).start()
    with sync_playwright() as pw:
        b=pw.chromium.launch(executable_path="/usr/bin/chromium",args=["--no-sandbox","--disable-gpu"])
        def shot(who,path,name,act=None,widths=(1280,)):
            for w in widths:
                c=b.new_context(viewport={"width":w,"height":900},extra_http_headers=who.headers,locale="zh-CN")
                p=c.new_page(); p.goto(url+path)
                if act and w==widths[0] or act and name=="demand": act(p)
                p.wait_for_timeout(700)
                p.screenshot(path=str(OUT/f"{name}-{w}.png"),full_page=True)
                sw=p.evaluate("document.documentElement.scrollWidth")
                if sw>w: print("WIDE",name,w,sw)
                c.close()
        def fill(p):
            p.fill("#at","2026-11-23T15:30"); p.fill("#place","三楼评标室2"); p.select_option("#tag-0","B03.01.01"); p.fill("#quota-0","4"); p.wait_for_timeout(900)
        ag,bu=hall.people["agent"],hall.people["buyer"]
        shot(ag,f"/tenders/{hall.code}/panel/demand","demand",fill)
        hall.ask()
        b.close(); return
        shot(bu,f"/tenders/{hall.code}/panel/draw","approve")
        shot(bu,"/desk","desk-buyer",widths=(1280,))
        d=hall.people["agent"].get(hall.api("/panel/demands")).json["demands"][0]["demand"]
        hall.approve(d)
        hall.draws.work()
        shot(ag,f"/tenders/{hall.code}/panel/draw","progress")
        hall.draws.work(); hall.draws.work(); hall.draws.sequence(); hall.draws.work()
        hall.site.call_all()
        shot(ag,f"/tenders/{hall.code}/panel/draw","ready",widths=(1280,))
        bu.post(hall.api("/panel/representatives"),{"logins":[hall.people["delegate"].login],"letter":"兹授权"},201)
        e=hall.experts[hall.seated()[0]]
        shot(e,"/here","here")
        v=e.post("/api/panel/here",{},201).json["visit"]
        shot(e,f"/here/{v}","waiting",widths=(390,))
        hall.site.answer_all()
        shot(e,f"/here/{v}","known",widths=(390,))
        shot(e,f"/tenders/{hall.code}/evaluation","promise")
        for n in hall.seated():
            hall.arrive(n); hall.sign_in(hall.experts[n])
        hall.sign_in(hall.people["delegate"])
        shot(e,f"/tenders/{hall.code}/evaluation","head")
        st=next(x for n,x in hall.experts.items() if n not in hall.seated())
        hall.arrive(st.number)
        for who in (ag,bu,st): who.get(hall.api("/panel/names"),403)
        shot(hall.people["regulator"],"/supervision/names","alert")
        shot(hall.people["regulator"],"/desk","desk-reg",widths=(1280,))
        b.close()
    srv.shutdown()
